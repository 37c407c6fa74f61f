package io.expertmesh.gateway.core.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Indexing and slicing as Python does it: from the end with negative numbers, with a step. */
final class Sequences {
  private Sequences() {}

  static Object index(Object target, Object key) {
    if (target instanceof Map<?, ?> entries) {
      Object value = entries.get(key);
      return value == null ? new Undefined(Py.str(key)) : value;
    }
    if (key instanceof Long position) {
      if (target instanceof List<?> items) {
        int at = at(position, items.size());
        return at < 0 ? new Undefined("item " + position) : items.get(at);
      }
      if (target instanceof String text) {
        int[] characters = text.codePoints().toArray();
        int at = at(position, characters.length);
        return at < 0 ? new Undefined("item " + position) : Character.toString(characters[at]);
      }
    }
    if (target instanceof Undefined missing) {
      throw new TemplateException("'" + missing.name() + "' is undefined");
    }
    return new Undefined(Py.str(key));
  }

  static Object slice(
      Object target, @Nullable Object from, @Nullable Object to, @Nullable Object step) {
    long stride = step == null || step == None.NONE ? 1 : bound(step);
    if (stride == 0) {
      throw new TemplateException("the step of a slice is 0");
    }
    if (target instanceof String text) {
      int[] characters = text.codePoints().toArray();
      StringBuilder out = new StringBuilder();
      for (int i : indices(characters.length, from, to, stride)) {
        out.appendCodePoint(characters[i]);
      }
      return out.toString();
    }
    if (target instanceof List<?> items) {
      List<Object> out = new ArrayList<>();
      for (int i : indices(items.size(), from, to, stride)) {
        out.add(items.get(i));
      }
      return target instanceof Tuple ? new Tuple(out) : out;
    }
    throw new TemplateException(Py.kind(target) + " cannot be sliced");
  }

  private static int[] indices(int size, @Nullable Object from, @Nullable Object to, long step) {
    long first = given(from) ? clamp(bound(from), size, step) : step > 0 ? 0 : size - 1;
    long last = given(to) ? clamp(bound(to), size, step) : step > 0 ? size : -1;
    List<Integer> indices = new ArrayList<>();
    for (long i = first; step > 0 ? i < last : i > last; i += step) {
      indices.add((int) i);
    }
    return indices.stream().mapToInt(Integer::intValue).toArray();
  }

  private static boolean given(@Nullable Object bound) {
    return bound != null && bound != None.NONE;
  }

  private static long bound(@Nullable Object value) {
    if (value instanceof Long number) {
      return number;
    }
    throw new TemplateException("the bounds of a slice must be integers");
  }

  private static long clamp(long index, int size, long step) {
    long from = index < 0 ? index + size : index;
    return step > 0 ? Math.clamp(from, 0, size) : Math.clamp(from, -1, size - 1);
  }

  private static int at(long index, int size) {
    long from = index < 0 ? index + size : index;
    return from < 0 || from >= size ? -1 : (int) from;
  }
}
