package dev.evenkeel.backend.cuda.jcuda;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * JCuda's objects behind the longs of the contract, from 1 on; 0 is none. (JCuda keeps the true
 * handles to itself: an object can't be made from a number.) Looking one up allocates nothing.
 */
final class Handles<T> {

  private final List<T> objects = new ArrayList<>();

  long add(T object) {
    int free = objects.indexOf(null);
    if (free < 0) {
      objects.add(object);
      return objects.size();
    }
    objects.set(free, object);
    return free + 1;
  }

  T get(long handle) {
    T object = objects.get((int) handle - 1);
    if (object == null) {
      throw new IllegalArgumentException("Handle " + handle + " was given back");
    }
    return object;
  }

  T remove(long handle) {
    T object = get(handle);
    objects.set((int) handle - 1, null);
    return object;
  }

  /** What was not removed. */
  List<T> all() {
    return objects.stream().filter(Objects::nonNull).toList();
  }
}
