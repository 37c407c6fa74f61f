package io.expertmesh.gateway.core.template;

import java.util.ArrayList;
import java.util.List;

/**
 * Cuts a template into text and tags. Whitespace as checkpoints' templates expect it: {@code
 * trim_blocks} (the newline after a statement is dropped) and {@code lstrip_blocks} (indentation
 * before a statement is dropped), besides the explicit {@code -} and {@code +}; one newline at the
 * very end is dropped.
 */
final class TemplateLexer {
  private final String source;
  private final List<Piece> pieces = new ArrayList<>();
  private int position;
  private boolean trimNext;
  private boolean newlineDropped;

  TemplateLexer(String source) {
    String unix = source.replace("\r\n", "\n");
    this.source = unix.endsWith("\n") ? unix.substring(0, unix.length() - 1) : unix;
  }

  List<Piece> pieces() {
    while (position < source.length()) {
      int open = nextOpening();
      text(position, open < 0 ? source.length() : open, open);
      if (open < 0) {
        break;
      }
      tag(open);
    }
    return pieces;
  }

  private int nextOpening() {
    for (int i = source.indexOf('{', position); i >= 0; i = source.indexOf('{', i + 1)) {
      char next = i + 1 < source.length() ? source.charAt(i + 1) : ' ';
      if (next == '%' || next == '{' || next == '#') {
        return i;
      }
    }
    return -1;
  }

  private void text(int from, int to, int open) {
    String text = source.substring(from, to);
    if (trimNext) {
      text = text.stripLeading();
    } else if (newlineDropped && text.startsWith("\n")) {
      text = text.substring(1);
    }
    if (open >= 0) {
      text = beforeTag(text, from, open);
    }
    if (!text.isEmpty()) {
      pieces.add(new Piece.Text(text));
    }
    trimNext = false;
    newlineDropped = false;
  }

  private String beforeTag(String text, int from, int open) {
    char sign = open + 2 < source.length() ? source.charAt(open + 2) : ' ';
    if (sign == '-') {
      return text.stripTrailing();
    }
    if (source.charAt(open + 1) == '{' || sign == '+') {
      return text;
    }
    int end = text.length();
    while (end > 0 && (text.charAt(end - 1) == ' ' || text.charAt(end - 1) == '\t')) {
      end--;
    }
    boolean lineStart = end > 0 ? text.charAt(end - 1) == '\n' : atLineStart(from, open, text);
    return lineStart ? text.substring(0, end) : text;
  }

  /** Whether nothing but blanks stands between the start of the line and a tag. */
  private boolean atLineStart(int from, int open, String text) {
    int i = open - 1;
    while (i >= 0 && (source.charAt(i) == ' ' || source.charAt(i) == '\t')) {
      i--;
    }
    return i < 0 || (source.charAt(i) == '\n' && (i >= from || i == from - 1 || text.isEmpty()));
  }

  private void tag(int open) {
    char kind = source.charAt(open + 1);
    String closing = kind == '%' ? "%}" : kind == '{' ? "}}" : "#}";
    int start = open + 2;
    if (start < source.length() && (source.charAt(start) == '-' || source.charAt(start) == '+')) {
      start++;
    }
    int end;
    if (kind == '#') {
      end = source.indexOf(closing, start);
      if (end < 0) {
        throw new TemplateException("a comment is not closed");
      }
      trimNext = source.charAt(end - 1) == '-' && end - 1 >= start;
      position = end + 2;
      newlineDropped = true;
      return;
    }
    ExpressionLexer lexer = new ExpressionLexer(source, start, closing);
    List<Token> tokens = lexer.tokens();
    pieces.add(kind == '%' ? new Piece.Tag(tokens) : new Piece.Output(tokens));
    end = lexer.position();
    char sign = source.charAt(end);
    boolean signed = !source.startsWith(closing, end);
    trimNext = signed && sign == '-';
    newlineDropped = kind == '%' && !(signed && sign == '+');
    position = end + (signed ? 3 : 2);
  }
}
