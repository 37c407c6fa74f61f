package io.expertmesh.gateway.core.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Expressions, from weak to strong: conditional, or, and, not, comparison, {@code + -}, {@code ~},
 * {@code * / // %}, sign, {@code **}, then filters, tests and what follows a value.
 */
final class ExpressionParser {
  private static final int MAX_DEPTH = 100;
  private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=", "in");

  private final TokenCursor tokens;
  private int depth;

  ExpressionParser(TokenCursor tokens) {
    this.tokens = tokens;
  }

  /** One expression; with commas outside of brackets a tuple. */
  Expr tupleOrSingle() {
    Expr first = expression();
    if (!tokens.at(",")) {
      return first;
    }
    List<Expr> items = new ArrayList<>(List.of(first));
    while (tokens.accept(",") && !tokens.atEnd()) {
      items.add(expression());
    }
    return new Expr.Items(items, true);
  }

  Expr expression() {
    deeper();
    Expr value = or();
    while (tokens.accept("if")) {
      Expr condition = or();
      Expr otherwise = tokens.accept("else") ? expression() : null;
      value = new Expr.Conditional(condition, value, otherwise);
    }
    depth--;
    return value;
  }

  /** An expression that may not be a conditional: {@code for x in list if condition}. */
  Expr or() {
    Expr left = and();
    while (tokens.accept("or")) {
      left = new Expr.Logic(false, left, and());
    }
    return left;
  }

  private Expr and() {
    Expr left = not();
    while (tokens.accept("and")) {
      left = new Expr.Logic(true, left, not());
    }
    return left;
  }

  private Expr not() {
    if (tokens.accept("not")) {
      deeper();
      Expr operand = not();
      depth--;
      return new Expr.Not(operand);
    }
    return comparison();
  }

  private Expr comparison() {
    Expr first = sum();
    List<String> operators = new ArrayList<>();
    List<Expr> others = new ArrayList<>();
    while (true) {
      if (tokens.at("not") && tokens.then("in")) {
        tokens.next();
        tokens.next();
        operators.add("not in");
      } else if (COMPARISONS.contains(tokens.peek().text())
          && tokens.peek().kind() != Token.Kind.STRING) {
        operators.add(tokens.next().text());
      } else {
        break;
      }
      others.add(sum());
    }
    return operators.isEmpty() ? first : new Expr.Compare(first, operators, others);
  }

  private Expr sum() {
    Expr left = concatenation();
    while (tokens.at("+") || tokens.at("-")) {
      left = new Expr.Binary(tokens.next().text(), left, concatenation());
    }
    return left;
  }

  private Expr concatenation() {
    Expr left = product();
    while (tokens.accept("~")) {
      left = new Expr.Binary("~", left, product());
    }
    return left;
  }

  private Expr product() {
    Expr left = power();
    while (tokens.at("*") || tokens.at("/") || tokens.at("//") || tokens.at("%")) {
      left = new Expr.Binary(tokens.next().text(), left, power());
    }
    return left;
  }

  private Expr power() {
    Expr left = unary(true);
    while (tokens.accept("**")) {
      left = new Expr.Binary("**", left, unary(true));
    }
    return left;
  }

  /** A sign binds stronger than a filter, as in Jinja: {@code -x|abs} is {@code (-x)|abs}. */
  private Expr unary(boolean withFilter) {
    Expr value;
    if (tokens.at("-") || tokens.at("+")) {
      boolean negative = tokens.next().is("-");
      deeper();
      value = new Expr.Sign(unary(false), negative);
      depth--;
    } else {
      value = postfix(primary());
    }
    return withFilter ? filtered(value) : value;
  }

  private Expr filtered(Expr start) {
    Expr value = start;
    while (true) {
      if (tokens.accept("|")) {
        String name = tokens.name();
        Arguments arguments = tokens.at("(") ? arguments() : Arguments.NONE;
        value = new Expr.Filter(value, name, arguments.positional(), arguments.named());
        value = postfix(value);
      } else if (tokens.at("is")) {
        tokens.next();
        value = test(value);
      } else {
        return value;
      }
    }
  }

  private Expr test(Expr target) {
    boolean negated = tokens.accept("not");
    String name = tokens.name();
    List<Expr> arguments = List.of();
    if (tokens.at("(")) {
      arguments = arguments().positional();
    } else if (startsArgument()) {
      arguments = List.of(postfix(primary()));
    }
    return new Expr.Test(target, name, arguments, negated);
  }

  private boolean startsArgument() {
    Token token = tokens.peek();
    return switch (token.kind()) {
      case STRING, NUMBER -> true;
      case NAME -> !Set.of("else", "or", "and", "is", "if", "in", "not").contains(token.text());
      case OPERATOR -> token.is("[") || token.is("{");
      case END -> false;
    };
  }

  private Expr postfix(Expr start) {
    Expr value = start;
    while (true) {
      if (tokens.accept(".")) {
        Token name = tokens.next();
        value =
            name.value() instanceof Long index
                ? new Expr.Index(value, new Expr.Literal(index))
                : new Expr.Attribute(value, name.text());
      } else if (tokens.accept("[")) {
        value = subscript(value);
      } else if (tokens.at("(")) {
        Arguments arguments = arguments();
        value = new Expr.Call(value, arguments.positional(), arguments.named());
      } else {
        return value;
      }
    }
  }

  private Expr subscript(Expr target) {
    Expr from = tokens.at(":") ? null : expression();
    if (!tokens.accept(":")) {
      tokens.expect("]");
      return new Expr.Index(target, from == null ? new Expr.Literal(None.NONE) : from);
    }
    Expr to = tokens.at(":") || tokens.at("]") ? null : expression();
    Expr step = tokens.accept(":") && !tokens.at("]") ? expression() : null;
    tokens.expect("]");
    return new Expr.Slice(target, from, to, step);
  }

  private record Arguments(List<Expr> positional, Map<String, Expr> named) {
    static final Arguments NONE = new Arguments(List.of(), Map.of());
  }

  private Arguments arguments() {
    List<Expr> positional = new ArrayList<>();
    Map<String, Expr> named = new LinkedHashMap<>();
    tokens.expect("(");
    while (!tokens.accept(")")) {
      if (tokens.peek().kind() == Token.Kind.NAME && tokens.then("=")) {
        String name = tokens.name();
        tokens.expect("=");
        named.put(name, expression());
      } else {
        positional.add(expression());
      }
      if (!tokens.at(")")) {
        tokens.expect(",");
      }
    }
    return new Arguments(positional, named);
  }

  private Expr primary() {
    Token token = tokens.next();
    return switch (token.kind()) {
      case STRING -> strings(token);
      case NUMBER -> new Expr.Literal(token.value());
      case NAME -> name(token.text());
      case OPERATOR -> bracketed(token);
      case END -> throw tokens.unexpected("an expression");
    };
  }

  private Expr strings(Token first) {
    StringBuilder text = new StringBuilder(first.text());
    while (tokens.peek().kind() == Token.Kind.STRING) {
      text.append(tokens.next().text());
    }
    return new Expr.Literal(text.toString());
  }

  private static Expr name(String name) {
    return switch (name) {
      case "true", "True" -> new Expr.Literal(true);
      case "false", "False" -> new Expr.Literal(false);
      case "none", "None" -> new Expr.Literal(None.NONE);
      default -> new Expr.Name(name);
    };
  }

  private Expr bracketed(Token token) {
    return switch (token.text()) {
      case "(" -> {
        List<Expr> items = items(")");
        yield items.size() == 1 && !lastHadComma ? items.get(0) : new Expr.Items(items, true);
      }
      case "[" -> new Expr.Items(items("]"), false);
      case "{" -> entries();
      default ->
          throw new TemplateException(
              "line " + token.line() + ": expected an expression, found '" + token.text() + "'");
    };
  }

  private boolean lastHadComma;

  private List<Expr> items(String closing) {
    List<Expr> items = new ArrayList<>();
    boolean comma = false;
    while (!tokens.accept(closing)) {
      items.add(expression());
      comma = tokens.accept(",");
      if (!comma && !tokens.at(closing)) {
        throw tokens.unexpected("',' or '" + closing + "'");
      }
    }
    lastHadComma = comma;
    return items;
  }

  private Expr entries() {
    List<Expr> keys = new ArrayList<>();
    List<Expr> values = new ArrayList<>();
    while (!tokens.accept("}")) {
      keys.add(expression());
      tokens.expect(":");
      values.add(expression());
      if (!tokens.at("}")) {
        tokens.expect(",");
      }
    }
    return new Expr.Entries(keys, values);
  }

  private void deeper() {
    if (++depth > MAX_DEPTH) {
      throw new TemplateException("an expression is nested deeper than " + MAX_DEPTH);
    }
  }

  @Nullable Expr optional(String keyword) {
    return tokens.accept(keyword) ? expression() : null;
  }
}
