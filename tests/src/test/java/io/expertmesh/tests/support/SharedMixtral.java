package io.expertmesh.tests.support;

import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests that need no mesh of their own the same one: the golden Mixtral on two
 * expert-services, started for the first of them and stopped after the last test of the run. Its
 * processes may be killed, for they are started again; nothing else of it may be changed.
 */
public final class SharedMixtral implements ParameterResolver {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(SharedMixtral.class);

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext test) {
    return parameter.getParameter().getType() == MeshUnderTest.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext test) {
    return test.getRoot()
        .getStore(NAMESPACE)
        .computeIfAbsent(
            "mesh",
            key ->
                MeshUnderTest.up(
                    MeshUnderTest.golden("mixtral"), MeshUnderTest.SHORT_LIVED, "--experts", "2"),
            MeshUnderTest.class);
  }
}
