package io.expertmesh.gateway.core.template;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Cuts the inside of a tag into tokens, up to the end of the tag. */
final class ExpressionLexer {
  private static final String[] OPERATORS = {
    "**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "<", ">", "=", "(", ")", "[",
    "]", "{", "}", ",", ":", ".", "|"
  };

  private static final Pattern NUMBER = Pattern.compile("\\d[\\d_]*(\\.\\d+)?([eE][-+]?\\d+)?");

  private final String source;
  private final Matcher number;
  private final String closing;
  private int position;
  private int depth;

  /**
   * @param closing {@code %}} or {@code }}}
   */
  ExpressionLexer(String source, int position, String closing) {
    this.source = source;
    this.number = NUMBER.matcher(source);
    this.position = position;
    this.closing = closing;
  }

  /** Reads to the closing mark; afterwards {@link #position} is at it or at its sign. */
  List<Token> tokens() {
    List<Token> tokens = new ArrayList<>();
    while (true) {
      skipSpace();
      if (position >= source.length()) {
        throw new TemplateException("line " + line() + ": a tag is not closed by " + closing);
      }
      if (depth == 0 && atEnd()) {
        tokens.add(new Token(Token.Kind.END, "end of tag", "", line()));
        return tokens;
      }
      tokens.add(next());
    }
  }

  int position() {
    return position;
  }

  private boolean atEnd() {
    char c = source.charAt(position);
    return source.startsWith(closing, position)
        || ((c == '-' || c == '+') && source.startsWith(closing, position + 1));
  }

  private Token next() {
    char c = source.charAt(position);
    if (c == '\'' || c == '"') {
      return string(c);
    }
    if (c >= '0' && c <= '9') {
      return number();
    }
    if (Character.isJavaIdentifierStart(c)) {
      int start = position;
      while (position < source.length()
          && Character.isJavaIdentifierPart(source.charAt(position))) {
        position++;
      }
      String name = source.substring(start, position);
      return new Token(Token.Kind.NAME, name, name, line());
    }
    for (String operator : OPERATORS) {
      if (source.startsWith(operator, position)) {
        position += operator.length();
        depth += "([{".contains(operator) ? 1 : ")]}".contains(operator) ? -1 : 0;
        return new Token(Token.Kind.OPERATOR, operator, operator, line());
      }
    }
    throw new TemplateException("line " + line() + ": unexpected '" + c + "'");
  }

  private Token number() {
    number.region(position, source.length());
    if (!number.lookingAt()) {
      throw new TemplateException("line " + line() + ": a number is wrong");
    }
    boolean fraction = number.group(1) != null || number.group(2) != null;
    position = number.end();
    String text = number.group().replace("_", "");
    try {
      Object value = fraction ? (Object) Double.valueOf(text) : (Object) Long.valueOf(text);
      return new Token(Token.Kind.NUMBER, text, value, line());
    } catch (NumberFormatException e) {
      throw new TemplateException("line " + line() + ": the number " + text + " is too large");
    }
  }

  private Token string(char quote) {
    StringBuilder text = new StringBuilder();
    int line = line();
    position++;
    while (position < source.length() && source.charAt(position) != quote) {
      char c = source.charAt(position++);
      if (c == '\\' && position < source.length()) {
        escape(text);
      } else {
        text.append(c);
      }
    }
    if (position >= source.length()) {
      throw new TemplateException("line " + line + ": a string is not closed");
    }
    position++;
    return new Token(Token.Kind.STRING, text.toString(), text.toString(), line);
  }

  private void escape(StringBuilder text) {
    char c = source.charAt(position++);
    switch (c) {
      case 'n' -> text.append('\n');
      case 't' -> text.append('\t');
      case 'r' -> text.append('\r');
      case 'b' -> text.append('\b');
      case 'f' -> text.append('\f');
      case '0' -> text.append('\0');
      case 'x' -> hex(text, 2);
      case 'u' -> hex(text, 4);
      case 'U' -> hex(text, 8);
      case '\\', '\'', '"' -> text.append(c);
      case '\n' -> {
        // A line that goes on.
      }
      default -> text.append('\\').append(c);
    }
  }

  private void hex(StringBuilder text, int digits) {
    try {
      text.appendCodePoint(Integer.parseInt(source.substring(position, position + digits), 16));
      position += digits;
    } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new TemplateException("line " + line() + ": an escape in a string is wrong");
    }
  }

  private void skipSpace() {
    while (position < source.length() && Character.isWhitespace(source.charAt(position))) {
      position++;
    }
  }

  private int line() {
    int line = 1;
    for (int i = 0; i < Math.min(position, source.length()); i++) {
      line += source.charAt(i) == '\n' ? 1 : 0;
    }
    return line;
  }
}
