package io.expertmesh.gateway.core.template;

/**
 * One token of an expression.
 *
 * @param text the name, the operator, or the source of a number
 * @param value of strings and numbers, else the text
 * @param line in the template, from 1
 */
record Token(Kind kind, String text, Object value, int line) {
  enum Kind {
    NAME,
    STRING,
    NUMBER,
    OPERATOR,
    END
  }

  boolean is(String wanted) {
    return (kind == Kind.OPERATOR || kind == Kind.NAME) && text.equals(wanted);
  }
}
