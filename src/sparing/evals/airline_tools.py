"""Tool schemas for the recorded airline agent, written for this evaluation: the trajectories come without any.

Names and arguments are those of the recorded calls; every description is ours, at the length that real catalogues have
(about 2,500 o200k tokens as JSON). What they say about the business is from the policy in the trajectories' own system
prompt or can be seen in the recorded calls and results.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def airline_tools() -> list[Schema]:
    """The fourteen tools in OpenAI's form."""
    return [
        _tool(
            "get_user_details",
            "Look up the profile of a customer. The result holds the name, address, e-mail and date of "
            "birth, the membership tier, the saved passengers, the payment methods on file with their ids"
            " and balances, and the ids of all reservations that the customer has made.",
            user_id=_USER,
        ),
        _tool(
            "get_reservation_details",
            "Look up one reservation. The result holds its owner, origin and destination, the type of "
            "trip, the cabin, every flight segment with date and price, the passengers, the payments made"
            " so far, the time it was created, the number of checked bags and whether travel insurance "
            "was bought.",
            reservation_id=_RESERVATION,
        ),
        _tool(
            "list_all_airports",
            "List all airports that the airline flies to, as a mapping from the three-letter IATA code to"
            " the name of the city.",
        ),
        _tool(
            "search_direct_flight",
            "Find non-stop flights between two airports on one day. Each hit has its flight number, "
            "scheduled times of departure and arrival in local time, its status, and for every cabin the "
            "seats left and the price of a seat in US dollars.",
            origin=_text("Three-letter IATA code of the airport of departure, for example 'JFK'."),
            destination=_text("Three-letter IATA code of the airport of arrival, for example 'SEA'."),
            date=_text("Day of departure in the form YYYY-MM-DD, for example '2024-05-20'."),
        ),
        _tool(
            "search_onestop_flight",
            "Find connections with one change of plane between two airports on one day. Each hit is a "
            "pair of flights in the order of travel; both have flight number, times, status, seats left "
            "and price per cabin, and the second one may leave on the day after.",
            origin=_text("Three-letter IATA code of the airport where the journey begins."),
            destination=_text("Three-letter IATA code of the airport where the journey ends."),
            date=_text("Day of the first departure in the form YYYY-MM-DD."),
        ),
        _tool(
            "book_reservation",
            "Book a new reservation and charge the customer for it. The price is worked out from the "
            "flights, the insurance and the bags that are not free, and has to be covered to the dollar "
            "by the payment methods given; otherwise nothing is booked and an error comes back. The "
            "result is the reservation with its new id.",
            user_id=_USER,
            origin=_text("Three-letter IATA code of the airport where the trip begins."),
            destination=_text("Three-letter IATA code of the airport that the trip goes to."),
            flight_type=_choice(
                "Type of trip: 'one_way' for travel in one direction only, 'round_trip' for there and back.",
                "one_way",
                "round_trip",
            ),
            cabin=_CABIN,
            flights=_FLIGHTS,
            passengers=_PASSENGERS,
            payment_methods=_list(
                "How the total is paid, one entry per payment method. At most one certificate, one credit"
                " card and three gift cards can be used for a reservation.",
                payment_id=_text("Id of a payment method in the customer's profile, e.g. 'credit_card_4421486'."),
                amount=_number("US dollars to charge to this payment method."),
            ),
            total_baggages=_number("Checked bags of all passengers together, free ones included."),
            nonfree_baggages=_number("How many of the checked bags are not free and have to be paid for."),
            insurance=_choice("Whether travel insurance is bought for all passengers.", "yes", "no"),
        ),
        _tool(
            "update_reservation_flights",
            "Change the flights or the cabin of a reservation and charge or refund the difference in "
            "price. All segments have to be given, those that stay the same included; segments that are "
            "not in the list are removed from the reservation. Origin, destination and type of trip must "
            "stay as they are. The rules of the fare are not checked here: make sure that the change is "
            "allowed.",
            reservation_id=_RESERVATION,
            cabin=_CABIN,
            flights=_FLIGHTS,
            payment_id=_PAYMENT,
        ),
        _tool(
            "update_reservation_baggages",
            "Change the number of checked bags of a reservation. Bags can be added, not taken away. Bags "
            "above the allowance of the passengers are charged to the payment method given.",
            reservation_id=_RESERVATION,
            total_baggages=_number("Checked bags after the change, those that were booked before included."),
            nonfree_baggages=_number("How many of them, after the change, have to be paid for."),
            payment_id=_PAYMENT,
        ),
        _tool(
            "update_reservation_passengers",
            "Correct or replace the passengers of a reservation. The number of passengers has to stay the"
            " same; all of them have to be given, in the order of the reservation, also those whose "
            "details do not change.",
            reservation_id=_RESERVATION,
            passengers=_PASSENGERS,
        ),
        _tool(
            "cancel_reservation",
            "Cancel a whole reservation and refund what was paid to the original payment methods, which "
            "takes five to seven business days. Whether it may be cancelled at all is not checked here: "
            "check the rules first.",
            reservation_id=_RESERVATION,
        ),
        _tool(
            "send_certificate",
            "Send a travel certificate to a customer as compensation. It appears among the payment "
            "methods of the profile at once and can be used for one later booking.",
            user_id=_USER,
            amount=_number("Value of the certificate in US dollars."),
        ),
        _tool(
            "calculate",
            "Work out an arithmetic expression, for example the total price of several seats. Use it "
            "rather than mental arithmetic whenever an amount of money is quoted to a customer.",
            expression=_text(
                "Expression of numbers, the operators + - * / and parentheses, with spaces around the "
                "operators, such as '2 * (152 + 103)'."
            ),
        ),
        _tool(
            "think",
            "Write down a thought. Nothing is looked up and nothing changes; the thought is only added to"
            " the record. Use it to compare options or to check a rule before you act.",
            thought=_text("What you want to think through, in plain words."),
        ),
        _tool(
            "transfer_to_human_agents",
            "Hand the conversation over to a human agent together with a summary. Do this if the customer"
            " asks for a human agent and only if the request cannot be handled with the tools and the "
            "rules that you have. The conversation ends with it.",
            summary=_text("What the customer wants, what has been done so far, and why it has to be handed over."),
        ),
    ]


def _text(description: str) -> Schema:
    return {"type": "string", "description": description}


def _number(description: str) -> Schema:
    return {"type": "integer", "description": description}


def _choice(description: str, *values: str) -> Schema:
    return {"type": "string", "description": description, "enum": list(values)}


def _object(members: dict[str, Schema]) -> Schema:
    return {"type": "object", "properties": members, "required": list(members)}


def _list(description: str, **members: Schema) -> Schema:
    return {"type": "array", "description": description, "items": _object(members)}


def _tool(name: str, description: str, **parameters: Schema) -> Schema:
    function = {"name": name, "description": description, "parameters": _object(parameters)}
    return {"type": "function", "function": function}


_USER = _text("Id of the customer, made of name and number in small letters, for example 'mia_li_3668'.")
_RESERVATION = _text("Id of the reservation, six capital letters and digits, for example 'JG7FMM'.")
_PAYMENT = _text(
    "Id of the payment method in the customer's profile that pays the difference or receives the refund, "
    "for example 'gift_card_7815826' or 'credit_card_2929732'."
)
_CABIN = _choice("Cabin for all flights and all passengers of the reservation.", "basic_economy", "economy", "business")
_FLIGHTS = _list(
    "All flight segments of the trip in the order of travel, those of the way back included.",
    flight_number=_text("Flight number as it stands in the search results, for example 'HAT136'."),
    date=_text("Day of its departure in the form YYYY-MM-DD."),
)
_PASSENGERS = _list(
    "The passengers, five at most, each as in the travel document.",
    first_name=_text("Given name of the passenger."),
    last_name=_text("Family name of the passenger."),
    dob=_text("Date of birth in the form YYYY-MM-DD, for example '1990-04-05'."),
)
