"""An answer with everything that answers are made of."""

from __future__ import annotations


def answer() -> str:
    """On what can be returned to a shop: rules with exceptions, a list, steps, a table, code, sources."""
    return """Yes, a hat can be returned within 30 days of the day you bought it. You need the receipt for that.
Thank you for asking; we know that rules like these can be hard to find.

## What you need

Please bring these things with you:

- The receipt. A photo of it is enough, as long as the date can be read.
- The box that it came in
- Your customer number, which is printed on the invoice
  - it starts with a K
  - it has eight digits
- Something that shows who you are

However, what was on sale is not taken back. This does not apply to what was broken when you got it.

| What | Days | Fee |
|---|---:|---:|
| Shoes | 30 | 0 |
| Shirts | 14 | 0 |
| Hats and other things to wear on the head | 30 | 2.50 |

---

### How it works

1. Go to the shop where you bought it.
2. Show the receipt. Somebody will look at the thing for a while, and may ask you why you bring it back.
3. Take your money, or a voucher.

If you would rather do it from a program, this asks for a label:

```python
label = shop.returns.create(order="K12345678", reason="too small")

print(label.url)  # A label. It is valid for 14 days.
```

The law gives you 14 days for what you bought from afar [1]. The shop gives more, of its own will [2].

[1]: https://example.com/law
[2]: https://example.com/returns

In short: 30 days, with the receipt, and not if it was on sale. I hope this helps. Let me know if there is more.
"""
