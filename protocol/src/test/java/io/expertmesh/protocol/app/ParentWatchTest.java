package io.expertmesh.protocol.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ParentWatchTest {
  @Test
  void theKeyIsReadFromTheArgumentsAndElseFromTheEnvironment() {
    String[] silent = {"--expertmesh.model=m"};
    assertThat(ParentWatch.isAskedFor(silent, null)).isFalse();
    assertThat(ParentWatch.isAskedFor(silent, "true")).isTrue();
    String[] asked = {"--expertmesh.model=m", "--expertmesh.exit-with-parent=true"};
    assertThat(ParentWatch.isAskedFor(asked, null)).isTrue();
    assertThat(ParentWatch.isAskedFor(asked, "false")).isTrue();
    String[] refused = {"--expertmesh.exit-with-parent=false"};
    assertThat(ParentWatch.isAskedFor(refused, "true")).isFalse();
  }

  @Test
  void theEndOfTheInputIsTheEndOfTheParentAndEveryLineIsHandedOn()
      throws IOException, InterruptedException {
    PipedOutputStream parent = new PipedOutputStream();
    CountDownLatch gone = new CountDownLatch(1);
    BlockingQueue<String> told = new LinkedBlockingQueue<>();
    Thread watch =
        new ParentWatch(new PipedInputStream(parent), told::add, gone::countDown).start();

    parent.write("still here\nand here\n".getBytes(StandardCharsets.UTF_8));
    parent.flush();
    assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo("still here");
    assertThat(told.poll(10, TimeUnit.SECONDS)).isEqualTo("and here");
    assertThat(gone.getCount()).isOne();
    parent.close();

    assertThat(gone.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(watch.join(java.time.Duration.ofSeconds(10))).isTrue();
  }
}
