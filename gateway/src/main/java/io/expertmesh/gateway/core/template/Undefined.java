package io.expertmesh.gateway.core.template;

/** What a missing variable, key or attribute is: false, empty, and an error to look into. */
record Undefined(String name) {
  @Override
  public String toString() {
    return "";
  }
}
