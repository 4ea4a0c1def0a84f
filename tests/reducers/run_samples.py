"""Test runs and stack traces of several tools, shortened but true to form."""

PYTEST = """\
============================= test session starts ==============================
platform linux -- Python 3.11.7, pytest-8.3.2, pluggy-1.5.0
rootdir: /srv/app
plugins: asyncio-0.25.0, hypothesis-6.120.0
collected 46 items

tests/test_rates.py ........................................FF                [ 91%]
tests/test_zone.py ....                                                       [100%]

=================================== FAILURES ===================================
__________________________________ test_quote __________________________________

    def test_quote():
        print("asking for a quote")
>       assert quote("{bad") == 3

tests/test_rates.py:10:
_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _

text = '{bad'

    def quote(text):
        table = load_table()
>       return json.loads(text)["rate"]

src/rates.py:5:
_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _

s = '{bad', cls = None, object_hook = None, parse_float = None, parse_int = None

    def loads(s, *, cls=None, object_hook=None, parse_float=None):
        if isinstance(s, str):
            if s.startswith("bom"):
                raise JSONDecodeError("Unexpected UTF-8 BOM (decode using utf-8-sig)", s, 0)
>       return _default_decoder.decode(s)
E       json.decoder.JSONDecodeError: Expecting property name enclosed in double quotes: line 1 column 2

/usr/lib/python3.11/json/__init__.py:346: JSONDecodeError
----------------------------- Captured stdout call -----------------------------
asking for a quote
the table has 4412 entries and was read from the cache in a moment
__________________________________ test_text ___________________________________

    def test_text():
>       assert render(4) == "foo bar"
E       AssertionError: assert 'foo baz' == 'foo bar'
E
E         - foo bar
E         + foo baz

tests/test_rates.py:13: AssertionError
=========================== short test summary info ============================
FAILED tests/test_rates.py::test_quote - json.decoder.JSONDecodeError: Expecti...
FAILED tests/test_rates.py::test_text - AssertionError: assert 'foo baz' == 'f...
========================= 2 failed, 44 passed in 0.72s =========================
"""

UNITTEST = """\
test_fine (test_a.Rates.test_fine) ... ok
test_also_fine (test_a.Rates.test_also_fine) ... ok
test_err (test_a.Rates.test_err) ... ERROR
test_sum (test_a.Rates.test_sum) ... FAIL

======================================================================
ERROR: test_err (test_a.Rates.test_err)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/srv/app/test_a.py", line 17, in test_err
    table["atlantis"]
KeyError: 'atlantis'

======================================================================
FAIL: test_sum (test_a.Rates.test_sum)
----------------------------------------------------------------------
Traceback (most recent call last):
  File "/srv/app/test_a.py", line 15, in test_sum
    self.assertEqual(1, 2, "numbers differ")
AssertionError: 1 != 2 : numbers differ

----------------------------------------------------------------------
Ran 4 tests in 0.001s

FAILED (failures=1, errors=1)
"""

GO = """\
=== RUN   TestGood
--- PASS: TestGood (0.00s)
=== RUN   TestAlsoGood
--- PASS: TestAlsoGood (0.00s)
=== RUN   TestQuote
    rates_test.go:21: Quote(3) = 10.4, want 11.25
--- FAIL: TestQuote (0.00s)
=== RUN   TestNil
--- FAIL: TestNil (0.00s)
panic: runtime error: invalid memory address or nil pointer dereference [recovered]
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4f2a1c]

goroutine 7 [running]:
testing.tRunner.func1.2({0x51b2a0, 0x62f3d0})
\t/usr/local/go/src/testing/testing.go:1545 +0x238
panic({0x51b2a0?, 0x62f3d0?})
\t/usr/local/go/src/runtime/panic.go:914 +0x21f
example.com/rates.(*Table).Find(...)
\t/srv/app/rates/table.go:33
example.com/rates.TestNil(0xc000007860)
\t/srv/app/rates/rates_test.go:30 +0x1c
FAIL\texample.com/rates\t0.007s
ok  \texample.com/zones\t0.003s
FAIL
"""

CARGO = """\
   Compiling rates v0.1.0 (/srv/app)
    Finished `test` profile [unoptimized + debuginfo] target(s) in 3.10s
     Running unittests src/lib.rs (target/debug/deps/rates-a35a48c092d3f767)

running 3 tests
test tests::good ... ok
test tests::also_good ... ok
test tests::quote ... FAILED

failures:

---- tests::quote stdout ----

thread 'tests::quote' panicked at src/lib.rs:5:78:
called `Result::unwrap()` on an `Err` value: "no atlantis"
stack backtrace:
   0: rust_begin_unwind
             at /rustc/59807616e1fa/library/std/src/panicking.rs:689:5
   1: core::panicking::panic_fmt
             at /rustc/59807616e1fa/library/core/src/panicking.rs:80:14
   2: core::result::unwrap_failed
             at /rustc/59807616e1fa/library/core/src/result.rs:1867:5
   3: rates::tests::quote
             at ./src/lib.rs:5:78
   4: core::ops::function::FnOnce::call_once
             at /rustc/59807616e1fa/library/core/src/ops/function.rs:250:5

failures:
    tests::quote

test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.39s

error: test failed, to rerun pass `--lib`
"""

JEST = """\
PASS src/zones.test.js
FAIL src/rates.test.js
  rates
    ✓ knows every zone (3 ms)
    ✓ rounds to cents (1 ms)
    ✕ quotes a parcel (5 ms)

  ● rates › quotes a parcel

    expect(received).toBe(expected) // Object.is equality

    Expected: 11.25
    Received: 10.4

      10 | test("quotes a parcel", () => {
      11 |   const rate = quote(3);
    > 12 |   expect(rate).toBe(11.25);
         |                ^
      13 | });

      at Object.toBe (src/rates.test.js:12:16)
      at Promise.then.completed (node_modules/jest-circus/build/utils.js:298:28)
      at callAsyncCircusFn (node_modules/jest-circus/build/utils.js:231:10)
      at _callCircusTest (node_modules/jest-circus/build/run.js:316:40)
      at processTicksAndRejections (node:internal/process/task_queues:95:5)

Test Suites: 1 failed, 1 passed, 2 total
Tests:       1 failed, 2 passed, 3 total
Snapshots:   0 total
Time:        0.61 s
Ran all test suites.
"""

MAVEN = """\
[INFO] Scanning for projects...
[INFO] Building rates 1.0-SNAPSHOT
[INFO] -------------------------------------------------------
[INFO]  T E S T S
[INFO] -------------------------------------------------------
[INFO] Running com.example.ZoneTest
[INFO] Tests run: 4, Failures: 0, Errors: 0, Skipped: 0, Time elapsed: 0.041 s - in com.example.ZoneTest
[INFO] Running com.example.RateTest
[ERROR] Tests run: 2, Failures: 0, Errors: 1, Skipped: 0, Time elapsed: 0.02 s <<< FAILURE! - in com.example.RateTest
[ERROR] com.example.RateTest.quote  Time elapsed: 0.004 s  <<< ERROR!
java.lang.IllegalStateException: no rate for Atlantis
\tat com.example.Rates.quote(Rates.java:41)
\tat com.example.RateTest.quote(RateTest.java:17)
\tat java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(DirectMethodHandleAccessor.java:103)
\tat java.base/java.lang.reflect.Method.invoke(Method.java:580)
\tat org.junit.platform.commons.util.ReflectionUtils.invokeMethod(ReflectionUtils.java:727)
\tat org.junit.jupiter.engine.execution.MethodInvocation.proceed(MethodInvocation.java:60)
Caused by: java.sql.SQLException: table is locked
\tat com.example.Table.read(Table.java:88)
\t... 71 more

[INFO] Results:
[ERROR] Errors:
[ERROR]   RateTest.quote:17 » IllegalState no rate for Atlantis
[ERROR] Tests run: 6, Failures: 0, Errors: 1, Skipped: 0
[INFO] BUILD FAILURE
[INFO] Total time:  2.301 s
[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.
[ERROR] -> [Help 1]
"""

TAP = """\
TAP version 13
# Subtest: adds
ok 1 - adds
  ---
  duration_ms: 2.671726
  ...
# Subtest: throws
not ok 2 - throws
  ---
  duration_ms: 0.336949
  location: '/srv/app/a.test.mjs:2:101'
  error: "Expected property name or '}' in JSON at position 1"
  stack: |-
    JSON.parse (<anonymous>)
    quote (file:///srv/app/a.test.mjs:2:127)
    Test.runInAsyncScope (node:async_hooks:206:9)
    Test.run (node:internal/test_runner/test:796:25)
    Test.postRun (node:internal/test_runner/test:889:19)
  ...
1..2
# tests 2
# pass 1
# fail 1
"""

CSHARP = """\
Unhandled exception. System.InvalidOperationException: no rate for Atlantis
 ---> System.TimeoutException: the table did not answer
   at Shop.Table.Read(String zone) in C:\\src\\Table.cs:line 88
   at System.Threading.Tasks.Task.InnerInvoke()
   at System.Threading.ExecutionContext.RunInternal(ExecutionContext context)
   at System.Threading.Tasks.Task.ExecuteWithThreadLocal(Task& slot, Thread thread)
   at Microsoft.Extensions.Hosting.Host.RunAsync(CancellationToken token)
   --- End of inner exception stack trace ---
   at Shop.Rates.Quote(Parcel parcel) in C:\\src\\Rates.cs:line 41
   at System.Linq.Enumerable.SelectEnumerableIterator.MoveNext()
   at Shop.Program.Main(String[] args) in C:\\src\\Program.cs:line 12
"""
