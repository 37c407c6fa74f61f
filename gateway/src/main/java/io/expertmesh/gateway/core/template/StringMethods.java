package io.expertmesh.gateway.core.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** Methods of Python's str that templates use. */
final class StringMethods {
  private StringMethods() {}

  /** The bound method of that name, null if there is none. */
  static @Nullable Callable of(String text, String name, Budget budget) {
    return switch (name) {
      case "strip" -> a -> strip(text, a, true, true);
      case "lstrip" -> a -> strip(text, a, true, false);
      case "rstrip" -> a -> strip(text, a, false, true);
      case "upper" -> a -> text.toUpperCase(Locale.ROOT);
      case "lower", "casefold" -> a -> text.toLowerCase(Locale.ROOT);
      case "title" -> a -> title(text);
      case "capitalize" -> a -> capitalize(text);
      case "startswith" -> a -> affix(text, a, true);
      case "endswith" -> a -> affix(text, a, false);
      case "split" -> a -> split(text, a, false);
      case "rsplit" -> a -> split(text, a, true);
      case "splitlines" -> a -> new ArrayList<Object>(text.lines().toList());
      case "replace" -> a -> replace(text, a, budget);
      case "find" -> a -> (long) text.indexOf(a.text(0, "sub", ""));
      case "rfind" -> a -> (long) text.lastIndexOf(a.text(0, "sub", ""));
      case "index" -> a -> index(text, a.text(0, "sub", ""));
      case "count" -> a -> count(text, a.text(0, "sub", ""));
      case "join" -> a -> join(text, a.get(0, "iterable", List.of()), budget);
      case "format" -> a -> format(text, a, budget);
      case "removeprefix" -> a -> removePrefix(text, a.text(0, "prefix", ""));
      case "removesuffix" -> a -> removeSuffix(text, a.text(0, "suffix", ""));
      case "partition" -> a -> partition(text, a.text(0, "sep", " "), false);
      case "rpartition" -> a -> partition(text, a.text(0, "sep", " "), true);
      case "zfill" -> a -> pad(text, a.integer(0, "width", 0), '0', 1, budget);
      case "rjust" -> a -> pad(text, a.integer(0, "width", 0), fill(a), 1, budget);
      case "ljust" -> a -> pad(text, a.integer(0, "width", 0), fill(a), -1, budget);
      case "center" -> a -> pad(text, a.integer(0, "width", 0), fill(a), 0, budget);
      case "isdigit", "isnumeric", "isdecimal" -> a -> all(text, Character::isDigit);
      case "isalpha" -> a -> all(text, Character::isLetter);
      case "isalnum" -> a -> all(text, Character::isLetterOrDigit);
      case "isspace" -> a -> all(text, Character::isWhitespace);
      case "isupper" -> a -> cased(text) && text.equals(text.toUpperCase(Locale.ROOT));
      case "islower" -> a -> cased(text) && text.equals(text.toLowerCase(Locale.ROOT));
      default -> null;
    };
  }

  static String title(String text) {
    StringBuilder out = new StringBuilder();
    boolean begin = true;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      out.append(begin ? Character.toTitleCase(c) : Character.toLowerCase(c));
      begin = !Character.isLetter(c);
    }
    return out.toString();
  }

  static String capitalize(String text) {
    return text.isEmpty()
        ? text
        : text.substring(0, 1).toUpperCase(Locale.ROOT)
            + text.substring(1).toLowerCase(Locale.ROOT);
  }

  static String join(String separator, Object items, Budget budget) {
    StringBuilder out = new StringBuilder();
    boolean first = true;
    for (Object item : Py.iterate(items)) {
      String text = Py.str(item);
      budget.text((long) out.length() + text.length() + separator.length());
      out.append(first ? "" : separator).append(text);
      first = false;
    }
    return out.toString();
  }

  static String replace(String text, CallArguments a, Budget budget) {
    String from = a.text(0, "old", "");
    String to = a.text(1, "new", "");
    long limit = a.get(2, "count", -1L) instanceof Long n && n >= 0 ? n : Long.MAX_VALUE;
    if (from.isEmpty()) {
      budget.text((text.length() + 1L) * Math.max(1, to.length()));
      return limit == Long.MAX_VALUE ? text.replace(from, to) : text;
    }
    StringBuilder out = new StringBuilder();
    int position = 0;
    int hit = text.indexOf(from);
    for (long i = 0; hit >= 0 && i < limit; i++) {
      out.append(text, position, hit).append(to);
      budget.text(out.length());
      position = hit + from.length();
      hit = text.indexOf(from, position);
    }
    return out.append(text, position, text.length()).toString();
  }

  static String strip(String text, CallArguments a, boolean left, boolean right) {
    Object given = a.get(0, "chars", None.NONE);
    IntPredicate stripped =
        given instanceof String set
            ? c -> set.indexOf(c) >= 0
            : c -> Character.isWhitespace(c) || Character.isSpaceChar(c);
    int from = 0;
    int to = text.length();
    while (left && from < to && stripped.test(text.charAt(from))) {
      from++;
    }
    while (right && to > from && stripped.test(text.charAt(to - 1))) {
      to--;
    }
    return text.substring(from, to);
  }

  private static Object affix(String text, CallArguments a, boolean start) {
    Object given = a.get(0, "prefix", "");
    List<Object> options = given instanceof List<?> several ? Py.iterate(several) : List.of(given);
    for (Object option : options) {
      if (!(option instanceof String affix)) {
        throw new TemplateException("startswith and endswith take text");
      }
      if (start ? text.startsWith(affix) : text.endsWith(affix)) {
        return true;
      }
    }
    return false;
  }

  private static Object split(String text, CallArguments a, boolean fromRight) {
    Object separator = a.get(0, "sep", None.NONE);
    long limit = a.get(1, "maxsplit", -1L) instanceof Long n && n >= 0 ? n : Long.MAX_VALUE;
    if (separator instanceof String given) {
      if (given.isEmpty()) {
        throw new TemplateException("empty separator");
      }
      return fromRight ? splitRight(text, given, limit) : splitLeft(text, given, limit);
    }
    List<Object> words = new ArrayList<>();
    String rest = text.strip();
    while (!rest.isEmpty() && words.size() < limit) {
      int end = 0;
      while (end < rest.length() && !Character.isWhitespace(rest.charAt(end))) {
        end++;
      }
      words.add(rest.substring(0, end));
      rest = rest.substring(end).stripLeading();
    }
    if (!rest.isEmpty()) {
      words.add(rest);
    }
    return words;
  }

  private static List<Object> splitLeft(String text, String separator, long limit) {
    List<Object> parts = new ArrayList<>();
    int position = 0;
    int hit = text.indexOf(separator);
    while (hit >= 0 && parts.size() < limit) {
      parts.add(text.substring(position, hit));
      position = hit + separator.length();
      hit = text.indexOf(separator, position);
    }
    parts.add(text.substring(position));
    return parts;
  }

  private static List<Object> splitRight(String text, String separator, long limit) {
    List<Object> parts = new ArrayList<>();
    String rest = text;
    int hit = rest.lastIndexOf(separator);
    while (hit >= 0 && parts.size() < limit) {
      parts.addFirst(rest.substring(hit + separator.length()));
      rest = rest.substring(0, hit);
      hit = rest.lastIndexOf(separator);
    }
    parts.addFirst(rest);
    return parts;
  }

  private static Object index(String text, String part) {
    int at = text.indexOf(part);
    if (at < 0) {
      throw new TemplateException("substring not found");
    }
    return (long) at;
  }

  private static Object count(String text, String part) {
    return part.isEmpty()
        ? text.length() + 1L
        : (long) splitLeft(text, part, Long.MAX_VALUE).size() - 1;
  }

  private static String format(String text, CallArguments a, Budget budget) {
    StringBuilder out = new StringBuilder();
    int next = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      boolean doubled = i + 1 < text.length() && text.charAt(i + 1) == c;
      if ((c == '{' || c == '}') && doubled) {
        out.append(c);
        i++;
      } else if (c == '{') {
        int end = text.indexOf('}', i);
        if (end < 0) {
          throw new TemplateException("a field of a format is not closed");
        }
        String name = text.substring(i + 1, end);
        Object value;
        if (name.isEmpty()) {
          value = a.get(next++, "", new Undefined("argument"));
        } else if (name.chars().allMatch(Character::isDigit) && name.length() < 4) {
          value = a.get(Integer.parseInt(name), "", new Undefined("argument"));
        } else {
          value = a.named().getOrDefault(name, new Undefined(name));
        }
        out.append(Py.str(value));
        i = end;
      } else {
        out.append(c);
      }
      budget.text(out.length());
    }
    return out.toString();
  }

  private static String removePrefix(String text, String prefix) {
    return text.startsWith(prefix) ? text.substring(prefix.length()) : text;
  }

  private static String removeSuffix(String text, String suffix) {
    return text.endsWith(suffix) ? text.substring(0, text.length() - suffix.length()) : text;
  }

  private static Object partition(String text, String separator, boolean last) {
    int at = last ? text.lastIndexOf(separator) : text.indexOf(separator);
    if (at < 0) {
      return new Tuple(last ? List.of("", "", text) : List.of(text, "", ""));
    }
    return new Tuple(
        List.of(text.substring(0, at), separator, text.substring(at + separator.length())));
  }

  private static char fill(CallArguments a) {
    String given = a.text(1, "fillchar", " ");
    return given.isEmpty() ? ' ' : given.charAt(0);
  }

  private static String pad(String text, long width, char fill, int side, Budget budget) {
    budget.text(width);
    int missing = (int) Math.max(0, width - text.length());
    int left = side > 0 ? missing : side < 0 ? 0 : missing / 2;
    String filler = String.valueOf(fill);
    return filler.repeat(left) + text + filler.repeat(missing - left);
  }

  private static boolean all(String text, IntPredicate test) {
    return !text.isEmpty() && text.codePoints().allMatch(test);
  }

  private static boolean cased(String text) {
    return text.codePoints().anyMatch(c -> Character.isUpperCase(c) || Character.isLowerCase(c));
  }
}
