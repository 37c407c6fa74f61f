package io.expertmesh.gateway.core.template;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.util.List;

/** A place in a list of tokens that ends with END. */
final class TokenCursor {
  private final List<Token> tokens;
  private int position;

  TokenCursor(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token peek() {
    return tokens.get(position);
  }

  @CanIgnoreReturnValue
  Token next() {
    Token token = tokens.get(position);
    if (token.kind() != Token.Kind.END) {
      position++;
    }
    return token;
  }

  boolean at(String text) {
    return peek().is(text);
  }

  boolean atEnd() {
    return peek().kind() == Token.Kind.END;
  }

  boolean accept(String text) {
    boolean found = at(text);
    if (found) {
      position++;
    }
    return found;
  }

  /** Whether the token after this one is that. */
  boolean then(String text) {
    return position + 1 < tokens.size() && tokens.get(position + 1).is(text);
  }

  void expect(String text) {
    if (!accept(text)) {
      throw unexpected(text);
    }
  }

  String name() {
    if (peek().kind() != Token.Kind.NAME) {
      throw unexpected("a name");
    }
    return next().text();
  }

  void end() {
    if (!atEnd()) {
      throw unexpected("the end of the tag");
    }
  }

  TemplateException unexpected(String wanted) {
    return new TemplateException(
        "line " + peek().line() + ": expected " + wanted + ", found '" + peek().text() + "'");
  }
}
