"""A file in each language that has a grammar, to be outlined."""

from __future__ import annotations

PYTHON = '''\
"""Reads orders from a queue.

The queue is polled; see the operations manual for the intervals that
are known to work and those that have been tried without success.
"""

import json
from dataclasses import (
    dataclass,
    field,
)

LIMIT = 40
COUNTRIES = [
    "Austria", "Belgium", "Bulgaria", "Croatia", "Cyprus", "Czechia",
    "Denmark", "Estonia", "Finland", "France", "Germany", "Greece",
    "Hungary", "Ireland", "Italy", "Latvia", "Lithuania", "Luxembourg",
    "Malta", "Netherlands", "Poland", "Portugal", "Romania", "Slovakia",
]


@dataclass(frozen=True)
class Order:
    """An order as it came."""

    number: int
    lines: list = field(default_factory=list)

    @property
    def total(self) -> int:
        """Sum of the prices.

        Prices are in cents, so that no rounding is needed; taxes are
        included and the discount has been taken off each line before.
        """
        result = 0
        for line in self.lines:
            result += line.price * line.quantity
        return result

    def short(self):
        return self.number


async def fetch_order(
    queue,
    timeout_s: float = 3.0,
) -> Order:
    # The queue may hold rubbish: "def broken(:", '"""' and so on.
    message = await queue.get(timeout=timeout_s)
    fields = json.loads(message)
    order = Order(**fields)
    return check_limit(order)


def check_limit(order):
    text = """
def not_a_function():
    pass
"""
    if order.total > LIMIT:
        raise ValueError(f"{order.number} is above the limit of {LIMIT}" + text)
    return order


def count_words(path):
    with open(path) as lines:
        words = [word for line in lines for word in line.split()]
    unique = set(words)
    return len(words), len(unique)
'''
SAMPLES = {
    "orders.py": (
        PYTHON,
        [
            "import json",
            "    field,",
            "@property",
            "def total(self) -> int:",
            "    timeout_s: float = 3.0,",
            "LIMIT = 40",
        ],
        ["result += line.price", "fields = json.loads", '"Hungary"', "not_a_function"],
        "fetch_order",
        "    order = Order(**fields)\n    return check_limit(order)\n",
    ),
    "cart.js": (
        """\
import { tax } from './tax.js';

const RATE = 0.2;

/** Adds up a cart. */
export class Cart extends Base {
  #items = [];

  static async load(id) {
    const response = await fetch(`/carts/${id}?braces={}`);
    const body = await response.json();
    return new Cart(body.items);
  }

  get total() { return this.#items.length; }

  add = (item) => {
    this.#items.push({ ...item, added: new Date() });
    this.notify("added", item, { quietly: true });
    return this;
  };
}

export const sum = async (items, { rounded = true } = {}) => {
  const prices = items.map((item) => item.price * item.count);
  const all = prices.reduce((a, b) => a + b, 0);
  return rounded ? Math.round(all) : all;
};

module.exports = {
  discount: function (cart) {
    const share = cart.total > 10 ? 0.1 : 0.05;
    const amount = cart.total * share * RATE;
    return tax(amount);
  },
};

function* pages(items) {
  for (let at = 0; at < items.length; at += 10) {
    yield items.slice(at, at + 10);
    console.log("page", at, "of", items.length);
  }
}
""",
        [
            "import { tax }",
            "const RATE = 0.2;",
            "export class Cart extends Base {",
            "  static async load(id) {",
            "  get total() { return this.#items.length; }",
            "  add = (item) => {",
            "export const sum = async (items, { rounded = true } = {}) => {",
            "  discount: function (cart) {",
            "function* pages(items) {",
        ],
        ["await fetch(", "this.notify(", "prices.reduce", "const share", "yield items"],
        "discount",
        "    const amount = cart.total * share * RATE;\n",
    ),
    "store.ts": (
        """\
import type { Row } from './row';

export interface Options<T> {
  limit: number;
}

export abstract class Store<T extends Row> implements Reader<T> {
  private readonly rows: Map<string, T> = new Map();

  abstract close(): Promise<void>;

  public async find<K extends keyof T>(key: K, value: T[K]): Promise<T | undefined> {
    for (const row of this.rows.values()) {
      if (row[key] === value) { return row; }
    }
    return undefined;
  }
}

export namespace Dates {
  export function parse(text: string): Date {
    const [year, month, day] = text.split('-').map((part) => Number(part));
    return new Date(Date.UTC(year, month - 1, day));
  }
}

export default function open(options: Options<Row>): Store<Row> {
  const path = options.limit > 100 ? '/var/large' : '/var/small';
  console.log(`opening ${path} with ${options.limit} rows`);
  return connect(path);
}
""",
        [
            "import type { Row }",
            "  limit: number;",
            "export abstract class Store<T extends Row> implements Reader<T> {",
            "  abstract close(): Promise<void>;",
            "  public async find<K extends keyof T>(key: K, value: T[K]): Promise<T | undefined> {",
            "  export function parse(text: string): Date {",
            "export default function open(options: Options<Row>): Store<Row> {",
        ],
        ["this.rows.values()", "Date.UTC", "'/var/large'"],
        "parse",
        "    return new Date(Date.UTC(year, month - 1, day));\n",
    ),
    "List.tsx": (
        """\
import React from 'react';

type Props = { items: string[]; onPick: (item: string) => void };

export const List = React.memo(({ items, onPick }: Props) => {
  const [open, setOpen] = React.useState<boolean>(false);
  return (
    <ul className="list" onClick={() => setOpen(!open)}>
      {items.map((item) => <li key={item} onClick={() => onPick(item)}>{item}</li>)}
    </ul>
  );
});

export function Empty({ text }: { text: string }) {
  const words = text.split(' ').filter((word) => word.length > 0);
  return <p title={text}>{words.length === 0 ? 'nothing here' : words.join(' ')}</p>;
}
""",
        ["type Props = {", "export const List = React.memo(({ items, onPick }: Props) => {", "export function Empty("],
        ["useState", "items.map", "nothing here"],
        "Empty",
        "  const words = text.split(' ')",
    ),
    "server.go": (
        """\
// Package server answers.
package server

import (
	"fmt"
	"net/http"
)

const limit = 10

type Server struct {
	addr string
}

// Serve listens until it is told to stop.
func (s *Server) Serve(stop <-chan struct{}) error {
	listener := &http.Server{Addr: s.addr}
	go func() { <-stop; listener.Close() }()
	return fmt.Errorf("serving %s: %w", s.addr, listener.ListenAndServe())
}

func Map[T any, U any](items []T, f func(T) U) []U {
	out := make([]U, 0, len(items))
	for _, item := range items {
		out = append(out, f(item))
	}
	return out
}
""",
        [
            "package server",
            "const limit = 10",
            "	addr string",
            "func (s *Server) Serve(stop <-chan struct{}) error {",
            "func Map[T any, U any](items []T, f func(T) U) []U {",
        ],
        ["ListenAndServe", "make([]U"],
        "Map",
        "		out = append(out, f(item))\n",
    ),
    "cache.rs": (
        """\
use std::collections::HashMap;

/// A cache.
#[derive(Debug, Clone)]
pub struct Cache<V> {
    map: HashMap<String, V>,
}

impl<V: Clone> Cache<V> {
    /// Looks a value up.
    pub fn get(&self, key: &str) -> Option<V> {
        let lowered = key.trim().to_lowercase();
        self.map.get(&lowered).cloned().or_else(|| self.map.get(key).cloned())
    }
}

pub async fn warm<F>(cache: &mut Cache<u8>, load: F) -> usize
where
    F: Fn(&str) -> u8,
{
    for key in ["{", "}", "a string with \\" in it"] {
        cache.map.insert(key.to_string(), load(key));
    }
    cache.map.len()
}
""",
        [
            "use std::collections::HashMap;",
            "#[derive(Debug, Clone)]",
            "    map: HashMap<String, V>,",
            "impl<V: Clone> Cache<V> {",
            "    pub fn get(&self, key: &str) -> Option<V> {",
            "    F: Fn(&str) -> u8,",
        ],
        ["to_lowercase", "a string with"],
        "warm",
        "        cache.map.insert(key.to_string(), load(key));\n",
    ),
    "Account.java": (
        """\
package bank;

import java.util.List;

public final class Account<T> extends Base {
    private static final int LIMIT = 3;

    public Account(List<T> entries) {
        super(entries);
        this.log("opened with " + entries.size() + " entries {");
        this.seal(LIMIT);
    }

    @Override
    public <R> R visit(Visitor<R> visitor) throws Failure {
        for (T entry : this.entries()) {
            visitor.accept(entry);
        }
        return visitor.result();
    }

    enum State { OPEN, CLOSED }

    interface Visitor<R> {
        default void accept(Object entry) {
            System.out.println("ignored: " + entry);
            System.out.println("override accept to do something");
        }
    }
}
""",
        [
            "import java.util.List;",
            "    private static final int LIMIT = 3;",
            "    public Account(List<T> entries) {",
            "    @Override\n    public <R> R visit(Visitor<R> visitor) throws Failure {",
            "        default void accept(Object entry) {",
        ],
        ["opened with", "visitor.result()", "ignored: "],
        "visit",
        "        return visitor.result();\n",
    ),
    "list.c": (
        """\
#include <stdlib.h>
#define MAX(a, b) ((a) > (b) ? (a) : (b))

struct node {
    struct node *next;
};

#ifdef DEBUG
static void
dump(const struct node *list, int depth)
{
    for (int i = 0; i < MAX(depth, 1); i++)
        printf("%*s{\\n", i, "");
    printf("%p\\n", (void *)list);
}
#endif

struct node **find(struct node *list, int (*match)(struct node *)) {
    struct node **at = &list;
    while (*at && !match(*at))
        at = &(*at)->next;
    return at;
}
""",
        [
            "#include <stdlib.h>",
            "#define MAX(a, b)",
            "    struct node *next;",
            "dump(const struct node *list, int depth)",
            "struct node **find(struct node *list, int (*match)(struct node *)) {",
        ],
        ["printf(", "at = &(*at)->next"],
        "find",
        "    while (*at && !match(*at))\n        at = &(*at)->next;\n",
    ),
    "queue.cpp": (
        """\
#include <vector>

namespace work {

template <typename T>
class Queue : public Base<T> {
 public:
  explicit Queue(std::size_t limit) : Base<T>(limit), limit_(limit) {
    this->items_.reserve(limit);
    this->log("made {", limit, "} and waiting for the first item");
  }
  virtual ~Queue() = default;
  T pop() override;

 private:
  std::size_t limit_;
};

template <typename T>
T Queue<T>::pop() {
  auto item = std::move(this->items_.back());
  this->items_.pop_back();
  return item;
}

}  // namespace work
""",
        [
            "#include <vector>",
            "namespace work {",
            "class Queue : public Base<T> {",
            "  explicit Queue(std::size_t limit) : Base<T>(limit), limit_(limit) {",
            "  T pop() override;",
            "  std::size_t limit_;",
            "T Queue<T>::pop() {",
        ],
        ["reserve(limit)", "std::move"],
        "pop",
        "  this->items_.pop_back();\n",
    ),
}
