package io.expertmesh.gateway.core.template;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's {@code "…%s…" % values}. */
final class PercentFormat {
  private static final Pattern FIELD =
      Pattern.compile("%(\\((\\w+)\\))?([-+ 0#]*)(\\d{0,3})(?:\\.(\\d{1,3}))?([a-zA-Z%])");

  private PercentFormat() {}

  static String format(String format, Object values, Budget budget) {
    Matcher field = FIELD.matcher(format);
    StringBuilder out = new StringBuilder();
    int next = 0;
    while (field.find()) {
      String text;
      if (field.group(6).equals("%")) {
        text = "%";
      } else if (field.group(2) != null) {
        text = one(field, Sequences.index(values, field.group(2)));
      } else {
        text = one(field, positional(values, next++));
      }
      budget.text((long) out.length() + text.length());
      field.appendReplacement(out, Matcher.quoteReplacement(text));
    }
    field.appendTail(out);
    if (values instanceof Tuple all && next < all.size()) {
      throw new TemplateException("not all values of a format were used");
    }
    return out.toString();
  }

  private static Object positional(Object values, int index) {
    if (values instanceof Tuple tuple) {
      List<Object> all = tuple;
      if (index < all.size()) {
        return all.get(index);
      }
    } else if (index == 0 && !(values instanceof Map<?, ?>)) {
      return values;
    }
    throw new TemplateException("a format has too few values");
  }

  private static String one(Matcher field, Object value) {
    String flags = field.group(3);
    int width = field.group(4).isEmpty() ? 0 : Integer.parseInt(field.group(4));
    String precision = field.group(5);
    char kind = field.group(6).charAt(0);
    String text =
        switch (kind) {
          case 's' -> Py.str(value);
          case 'r' -> Py.repr(value);
          case 'd', 'i', 'u' -> signed(flags, Long.toString((long) Py.toDouble(value)));
          case 'x' -> Long.toHexString((long) Py.toDouble(value));
          case 'X' -> Long.toHexString((long) Py.toDouble(value)).toUpperCase(Locale.ROOT);
          case 'o' -> Long.toOctalString((long) Py.toDouble(value));
          case 'f', 'F' ->
              signed(
                  flags,
                  fixed(Py.toDouble(value), precision == null ? 6 : Integer.parseInt(precision)));
          default -> throw new TemplateException("unknown format '" + kind + "'");
        };
    boolean textual = kind == 's' || kind == 'r';
    if (textual && precision != null) {
      text = text.substring(0, Math.min(text.length(), Integer.parseInt(precision)));
    }
    return padded(text, width, flags, textual);
  }

  /** Rounds the exact value of the double, as Python does. */
  private static String fixed(double number, int digits) {
    return Double.isFinite(number)
        ? new BigDecimal(number).setScale(digits, RoundingMode.HALF_EVEN).toPlainString()
        : Py.decimal(number);
  }

  private static String signed(String flags, String number) {
    return flags.contains("+") && !number.startsWith("-") ? "+" + number : number;
  }

  private static String padded(String text, int width, String flags, boolean textual) {
    int missing = width - text.length();
    if (missing <= 0) {
      return text;
    }
    if (flags.contains("-")) {
      return text + " ".repeat(missing);
    }
    if (flags.contains("0") && !textual) {
      boolean sign = text.startsWith("-") || text.startsWith("+");
      return (sign ? text.substring(0, 1) : "")
          + "0".repeat(missing)
          + (sign ? text.substring(1) : text);
    }
    return " ".repeat(missing) + text;
  }
}
