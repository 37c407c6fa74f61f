package io.expertmesh.gateway.core.template;

/** Python's None as a template value, so that values are never null. */
public enum None {
  NONE;

  @Override
  public String toString() {
    return "None";
  }
}
