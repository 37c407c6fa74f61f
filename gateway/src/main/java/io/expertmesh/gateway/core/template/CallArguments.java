package io.expertmesh.gateway.core.template;

import java.util.List;
import java.util.Map;

/** Arguments of a call, by position and by name. */
record CallArguments(List<Object> positional, Map<String, Object> named) {
  static final CallArguments NONE = new CallArguments(List.of(), Map.of());

  /** The argument at a place or of that name, or the default. */
  Object get(int index, String name, Object otherwise) {
    if (index < positional.size()) {
      return positional.get(index);
    }
    return named.getOrDefault(name, otherwise);
  }

  /** A text argument, or the default. */
  String text(int index, String name, String otherwise) {
    Object value = get(index, name, otherwise);
    if (value instanceof String text) {
      return text;
    }
    throw new TemplateException("the argument '" + name + "' must be text");
  }

  /** An integer argument, or the default. */
  long integer(int index, String name, long otherwise) {
    Object value = get(index, name, otherwise);
    return switch (value) {
      case Long number -> number;
      case Boolean flag -> flag ? 1 : 0;
      default -> throw new TemplateException("the argument '" + name + "' must be an integer");
    };
  }

  /** The arguments behind the first. */
  CallArguments rest() {
    return positional.isEmpty()
        ? this
        : new CallArguments(positional.subList(1, positional.size()), named);
  }
}
