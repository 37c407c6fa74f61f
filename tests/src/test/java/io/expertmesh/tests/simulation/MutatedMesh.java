package io.expertmesh.tests.simulation;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;

/**
 * Loads the mesh and its simulation once more, with a planted bug; nothing else of the process sees
 * the change.
 */
final class MutatedMesh extends ClassLoader {
  private static final String OURS = "io.expertmesh.";

  private final List<Mutation> mutations;

  MutatedMesh(List<Mutation> mutations) {
    super(MutatedMesh.class.getClassLoader());
    this.mutations = List.copyOf(mutations);
  }

  /** {@link Simulation#firstFailure} of the changed mesh. */
  String firstFailure(long from, long to) {
    try {
      Class<?> simulation = loadClass(Simulation.class.getName());
      return (String)
          simulation.getMethod("firstFailure", long.class, long.class).invoke(null, from, to);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException("The changed mesh could not be run", e);
    }
  }

  /** Makes all changes; throws in a sentence if the place of one is gone. */
  void makeChanges() {
    for (Mutation mutation : mutations) {
      try {
        loadClass(mutation.className());
      } catch (ClassNotFoundException e) {
        throw new IllegalStateException(
            mutation.className() + " is gone; the code moved, so move the planted bug", e);
      }
    }
  }

  @Override
  protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
    if (!name.startsWith(OURS)) {
      return super.loadClass(name, resolve);
    }
    synchronized (getClassLoadingLock(name)) {
      Class<?> loaded = findLoadedClass(name);
      return loaded != null ? loaded : define(name);
    }
  }

  private Class<?> define(String name) throws ClassNotFoundException {
    try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
      if (in == null) {
        throw new ClassNotFoundException(name);
      }
      byte[] bytes = in.readAllBytes();
      for (Mutation mutation : mutations) {
        if (name.equals(mutation.className())) {
          bytes = mutation.apply(bytes);
        }
      }
      return defineClass(name, bytes, 0, bytes.length);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
