package io.expertmesh.protocol.app;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Notices that the process that started this one is gone: the parent holds the other end of our
 * standard input and never writes, so the stream ends when the parent ends, however it died.
 */
public final class ParentWatch {
  private static final System.Logger LOG = System.getLogger(ParentWatch.class.getName());

  private static final String ARGUMENT = "--expertmesh.exit-with-parent=";

  private final InputStream parent;
  private final Runnable gone;

  ParentWatch(InputStream parent, Runnable gone) {
    this.parent = Objects.requireNonNull(parent, "parent");
    this.gone = Objects.requireNonNull(gone, "gone");
  }

  /**
   * Where {@code expertmesh.exit-with-parent} is true, starts a daemon thread that ends this
   * process in an orderly way (shutdown hooks run) when standard input ends. To be called first of
   * all in main, so that a parent that is killed while its child still loads leaves no orphan; for
   * the same reason the key is read here, before there is any configuration.
   *
   * @param arguments of main; if they do not name the key, the environment is asked
   */
  public static void exitWithParent(String[] arguments) {
    if (!isAskedFor(arguments, System.getenv("EXPERTMESH_EXIT_WITH_PARENT"))) {
      return;
    }
    new ParentWatch(
            System.in,
            () -> {
              LOG.log(
                  System.Logger.Level.INFO, "Standard input ended: the parent is gone, exiting");
              System.exit(0);
            })
        .start();
  }

  static boolean isAskedFor(String[] arguments, @Nullable String environment) {
    String value = environment == null ? "false" : environment;
    for (String argument : arguments) {
      if (argument.startsWith(ARGUMENT)) {
        value = argument.substring(ARGUMENT.length());
      }
    }
    return value.equalsIgnoreCase("true");
  }

  Thread start() {
    return Thread.ofPlatform().daemon().name("parent-watch").start(this::watch);
  }

  private void watch() {
    byte[] ignored = new byte[256];
    try {
      while (parent.read(ignored) >= 0) {
        // What the parent writes has no meaning; only the end of the stream has.
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "Standard input failed: " + e.getMessage());
    }
    gone.run();
  }
}
