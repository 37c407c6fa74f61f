package io.expertmesh.gateway.core.template;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Text and tags to statements. */
final class StatementParser {
  private static final int MAX_DEPTH = 100;

  private final List<Piece> pieces;
  private int position;
  private int depth;
  private TokenCursor tag = new TokenCursor(List.of(new Token(Token.Kind.END, "", "", 0)));

  StatementParser(List<Piece> pieces) {
    this.pieces = pieces;
  }

  /** The whole template. */
  List<Stmt> parse() {
    List<Stmt> body = body(Set.of());
    if (position < pieces.size()) {
      throw new TemplateException("a tag ends what was not begun");
    }
    return body;
  }

  /**
   * Statements up to a tag that begins with one of those words; {@link #tag} is behind the word.
   */
  private List<Stmt> body(Set<String> ends) {
    if (++depth > MAX_DEPTH) {
      throw new TemplateException("statements are nested deeper than " + MAX_DEPTH);
    }
    List<Stmt> body = new ArrayList<>();
    while (position < pieces.size()) {
      switch (pieces.get(position++)) {
        case Piece.Text text -> body.add(new Stmt.Text(text.text()));
        case Piece.Output output -> {
          TokenCursor tokens = new TokenCursor(output.tokens());
          body.add(new Stmt.Output(new ExpressionParser(tokens).tupleOrSingle()));
          tokens.end();
        }
        case Piece.Tag begun -> {
          tag = new TokenCursor(begun.tokens());
          if (ends.contains(tag.peek().text())) {
            depth--;
            return body;
          }
          body.add(statement());
        }
      }
    }
    if (!ends.isEmpty()) {
      throw new TemplateException("the template ends where one of " + ends + " is missing");
    }
    return body;
  }

  private Stmt statement() {
    String keyword = tag.name();
    return switch (keyword) {
      case "if" -> ifStatement();
      case "for" -> forStatement();
      case "set" -> setStatement();
      case "macro" -> macro();
      case "generation" -> {
        tag.end();
        List<Stmt> body = body(Set.of("endgeneration"));
        yield new Stmt.Part(body);
      }
      case "break" -> ended(new Stmt.Break());
      case "continue" -> ended(new Stmt.Continue());
      default -> throw new TemplateException("unknown statement '" + keyword + "'");
    };
  }

  private Stmt ended(Stmt statement) {
    tag.end();
    return statement;
  }

  private Stmt ifStatement() {
    List<Stmt.Branch> branches = new ArrayList<>();
    @Nullable Expr condition = condition();
    while (true) {
      List<Stmt> body = body(Set.of("elif", "else", "endif"));
      branches.add(new Stmt.Branch(condition, body));
      String keyword = tag.name();
      if (keyword.equals("endif")) {
        return ended(new Stmt.If(branches));
      }
      if (keyword.equals("elif")) {
        condition = condition();
      } else {
        tag.end();
        condition = null;
      }
    }
  }

  private Expr condition() {
    Expr condition = new ExpressionParser(tag).tupleOrSingle();
    tag.end();
    return condition;
  }

  private Stmt forStatement() {
    List<String> names = new ArrayList<>();
    boolean bracket = tag.accept("(");
    do {
      names.add(tag.name());
    } while (tag.accept(","));
    if (bracket) {
      tag.expect(")");
    }
    tag.expect("in");
    ExpressionParser parser = new ExpressionParser(tag);
    Expr items = parser.or();
    Expr filter = parser.optional("if");
    tag.end();
    List<Stmt> body = body(Set.of("endfor", "else"));
    List<Stmt> otherwise = List.of();
    if (tag.name().equals("else")) {
      tag.end();
      otherwise = body(Set.of("endfor"));
    }
    return new Stmt.For(names, items, filter, body, otherwise);
  }

  private Stmt setStatement() {
    List<String> names = new ArrayList<>(List.of(tag.name()));
    String attribute = tag.accept(".") ? tag.name() : null;
    while (tag.accept(",")) {
      names.add(tag.name());
    }
    if (tag.accept("=")) {
      Expr value = new ExpressionParser(tag).tupleOrSingle();
      tag.end();
      return new Stmt.Set(names, attribute, value);
    }
    tag.end();
    List<Stmt> body = body(Set.of("endset"));
    return new Stmt.SetBlock(names.get(0), body);
  }

  private Stmt macro() {
    String name = tag.name();
    List<String> parameters = new ArrayList<>();
    List<@Nullable Expr> defaults = new ArrayList<>();
    tag.expect("(");
    while (!tag.accept(")")) {
      parameters.add(tag.name());
      defaults.add(new ExpressionParser(tag).optional("="));
      if (!tag.at(")")) {
        tag.expect(",");
      }
    }
    tag.end();
    List<Stmt> body = body(Set.of("endmacro"));
    return new Stmt.Macro(name, parameters, defaults, body);
  }
}
