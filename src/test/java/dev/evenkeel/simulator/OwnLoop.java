package dev.evenkeel.simulator;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Constructor;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Copies of an instruction's class, one for each operation that it applies. A loop that all
 * operations share calls now one, now another, for each of 32 lanes, and the JIT can't put any of
 * them into it. In its own copy it is always the same one: it is compiled into the loop.
 */
final class OwnLoop {

  private record Key(Class<?> loop, Class<?> operation) {}

  private static final Map<Key, Constructor<?>> COPIES = new ConcurrentHashMap<>();

  private OwnLoop() {}

  /**
   * @param loop has one constructor, which takes the operation and the places
   */
  static Instruction of(Class<? extends Instruction> loop, Object operation, Object... places) {
    Object[] arguments = new Object[1 + places.length];
    arguments[0] = operation;
    System.arraycopy(places, 0, arguments, 1, places.length);
    try {
      Key key = new Key(loop, operation.getClass());
      return (Instruction) COPIES.computeIfAbsent(key, OwnLoop::copy).newInstance(arguments);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Constructor<?> copy(Key key) {
    String name = key.loop.getName();
    try (InputStream in =
        key.loop.getResourceAsStream(name.substring(name.lastIndexOf('.') + 1) + ".class")) {
      return MethodHandles.lookup()
          .defineHiddenClass(in.readAllBytes(), true, MethodHandles.Lookup.ClassOption.NESTMATE)
          .lookupClass()
          .getDeclaredConstructors()[0];
    } catch (IOException | IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }
}
