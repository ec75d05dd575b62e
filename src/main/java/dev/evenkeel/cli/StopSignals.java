package dev.evenkeel.cli;

import dev.evenkeel.train.Epoch;
import dev.evenkeel.train.Listener;
import dev.evenkeel.train.RunMark;
import dev.evenkeel.train.Trained;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Ctrl-C and its like ask a run to stop, as the local page does: with a checkpoint, at the next
 * step. A second one ends the process at once, which does no damage either. Where Java has no
 * signals, or they were told to be ignored, all stays as it is.
 */
final class StopSignals implements Listener, AutoCloseable {

  /** What the process ends with is 128 and the signal's number. */
  private static final Map<String, Integer> CODES = Map.of("HUP", 129, "INT", 130, "TERM", 143);

  private final Path folder;
  private final Consumer<String> say;
  private final Map<Object, Object> before = new LinkedHashMap<>();
  private Method handle;
  private int code;
  private boolean underWay;
  private boolean ended;

  StopSignals(Path folder, Consumer<String> say) {
    this.folder = folder;
    this.say = say;
    try { // by reflection: the compiler warns of these classes, in a way that can't be turned off
      Class<?> signal = Class.forName("sun.misc.Signal");
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      handle = signal.getMethod("handle", signal, handler);
      Object ours =
          Proxy.newProxyInstance(
              handler.getClassLoader(),
              new Class<?>[] {handler},
              (proxy, method, args) -> {
                received(args[0].toString().replace("SIG", ""));
                return null;
              });
      for (String name : CODES.keySet()) {
        try {
          Object one = signal.getConstructor(String.class).newInstance(name);
          before.put(one, handle.invoke(null, one, ours));
        } catch (InvocationTargetException e) {
          continue; // Windows has no HUP, and Java may have been told to leave them alone (-Xrs)
        }
      }
    } catch (ReflectiveOperationException e) {
      return; // a signal then ends the process, as it always did
    }
  }

  private synchronized void received(String name) {
    if (code != 0 || ended) {
      Runtime.getRuntime().halt(CODES.get(name));
    }
    code = CODES.get(name);
    say.accept("Stopping with a checkpoint; once more stops at once, without one");
    if (underWay) {
      RunMark.askToStop(folder);
    }
  }

  /** What to end with where a signal stopped the run; 0 where something else did. */
  synchronized int code() {
    return code;
  }

  /** A wish from before is forgotten when a run begins. */
  @Override
  public synchronized void onStart(
      int epoch, int epochs, long step, long totalSteps, List<Epoch> history) {
    underWay = true;
    if (code != 0) {
      RunMark.askToStop(folder);
    }
  }

  @Override
  public synchronized void onEnd(Trained result) {
    ended = true;
  }

  @Override
  public void close() {
    synchronized (this) {
      ended = true;
    }
    before.forEach(
        (signal, earlier) -> {
          try {
            handle.invoke(null, signal, earlier);
          } catch (ReflectiveOperationException e) {
            return; // the process ends soon
          }
        });
  }
}
