package interop;

import java.util.concurrent.Callable;

/** Conditions of a scenario. A condition that does not hold ends the scenario with its reason. */
final class Check {
  private static final long POLL_MILLIS = 20;

  private Check() {}

  static final class Failed extends RuntimeException {
    private static final long serialVersionUID = 1;

    Failed(String reason) {
      super(reason);
    }
  }

  static void that(boolean holds, String reason, Object... values) {
    if (!holds) throw new Failed(String.format(reason, values));
  }

  static void equal(Object expected, Object actual, String what) {
    that(expected.equals(actual), "%s: expected %s, got %s", what, expected, actual);
  }

  /** Returns once `reached` holds; fails with the newest value of `state` when time is up. */
  static void eventually(long deadlineMillis, Callable<Boolean> reached, Callable<String> state)
      throws Exception {
    long end = System.nanoTime() + deadlineMillis * 1_000_000;
    while (!reached.call()) {
      that(System.nanoTime() < end, "after %d s: %s", deadlineMillis / 1000, state.call());
      Thread.sleep(POLL_MILLIS);
    }
  }

  /** Repeats `attempt` until it holds; fails with its newest reason when time is up. */
  static <T> T retry(long deadlineMillis, Callable<T> attempt) throws Exception {
    long end = System.nanoTime() + deadlineMillis * 1_000_000;
    while (true) {
      try {
        return attempt.call();
      } catch (Failed e) {
        if (System.nanoTime() > end) throw e;
      }
      Thread.sleep(POLL_MILLIS);
    }
  }
}
