package io.expertmesh.protocol.app;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Notices that the process that started this one is gone: the parent holds the other end of our
 * standard input, so the stream ends when the parent ends, however it died. Lines that the parent
 * writes are handed on.
 */
public final class ParentWatch {
  private static final System.Logger LOG = System.getLogger(ParentWatch.class.getName());

  private static final String ARGUMENT = "--expertmesh.exit-with-parent=";

  private final InputStream parent;
  private final Consumer<String> told;
  private final Runnable gone;

  ParentWatch(InputStream parent, Consumer<String> told, Runnable gone) {
    this.parent = Objects.requireNonNull(parent, "parent");
    this.told = Objects.requireNonNull(told, "told");
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
    boolean unused = exitWithParent(arguments, ignored -> {});
  }

  /**
   * The same for a process that its parent speaks to.
   *
   * @param told is handed every line that the parent writes, on the daemon thread
   * @return false if the key is not true, and nobody is listened to
   */
  public static boolean exitWithParent(String[] arguments, Consumer<String> told) {
    if (!isAskedFor(arguments, System.getenv("EXPERTMESH_EXIT_WITH_PARENT"))) {
      return false;
    }
    new ParentWatch(
            System.in,
            told,
            () -> {
              LOG.log(
                  System.Logger.Level.INFO, "Standard input ended: the parent is gone, exiting");
              System.exit(0);
            })
        .start();
    return true;
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
    try {
      BufferedReader lines =
          new BufferedReader(new InputStreamReader(parent, StandardCharsets.UTF_8));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        told.accept(line);
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "Standard input failed: " + e.getMessage());
    }
    gone.run();
  }
}
