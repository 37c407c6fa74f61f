package io.expertmesh.gateway.core.response;

import io.expertmesh.gateway.core.generation.GenerationCall;
import io.expertmesh.gateway.core.generation.GenerationEnd;
import io.expertmesh.gateway.core.generation.GenerationEngine;
import io.expertmesh.gateway.core.generation.GenerationListener;
import io.expertmesh.gateway.core.generation.ScoredToken;
import io.expertmesh.gateway.core.generation.TokenRouting;
import io.expertmesh.gateway.core.request.ApiError;
import io.expertmesh.protocol.core.MeshException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One answer under way: runs the sequences of its choices, and writes a stream event by event or a
 * whole body at the end. Events of different choices come on any threads; one lock puts them in
 * order. Cancelling takes no lock, so it may be called from within the sink.
 */
public final class Answer {
  private final AnswerPlan plan;
  private final AnswerFormat format;
  private final AnswerSink sink;
  private final RequestObserver observer;
  private final LongSupplier clock;
  private final long started;
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Part> parts = new ArrayList<>();

  private volatile boolean over;
  private volatile boolean cancelled;
  private int open;
  private boolean anyToken;

  /**
   * @param clock monotonic nanoseconds
   * @param started when the request came in, on that clock
   */
  public Answer(
      AnswerPlan plan,
      AnswerSink sink,
      RequestObserver observer,
      LongSupplier clock,
      long started) {
    this.plan = plan;
    this.sink = sink;
    this.observer = observer;
    this.clock = clock;
    this.started = started;
    this.format =
        switch (plan.api()) {
          case COMPLETIONS -> new CompletionFormat(plan.head(), plan.names());
          case CHAT -> new ChatFormat(plan.head(), plan.names());
          case ROUTING -> new RoutingFormat(plan.head(), plan.names());
        };
    for (AnswerPlan.Sequence sequence : plan.sequences()) {
      parts.add(new Part(parts.size(), sequence));
    }
    this.open = parts.size();
  }

  /** Starts all sequences. To be called once. */
  public void start(GenerationEngine engine) {
    for (Part part : parts) {
      if (over || cancelled) {
        return;
      }
      part.begin(engine);
    }
  }

  /**
   * Stops everything at once; the sink hears nothing more. Without effect on an answer that is
   * complete.
   */
  public void cancel() {
    boolean late = over;
    cancelled = true;
    parts.forEach(Part::stop);
    if (!late) {
      observer.over("cancelled", clock.getAsLong() - started, usage());
    }
  }

  private Usage usage() {
    int prompt = 0;
    int completion = 0;
    int cached = 0;
    for (int i = 0; i < parts.size(); i++) {
      Part part = parts.get(i);
      completion += part.choice.count();
      if (i % plan.n() == 0) {
        prompt += part.sequence.spec().promptIds().length;
        cached += part.cached;
      }
    }
    return new Usage(prompt, completion, cached);
  }

  private void fail(MeshException failure) {
    over = true;
    parts.forEach(Part::stop);
    ApiError error = ApiError.of(failure);
    observer.over(
        error.code() == null ? "invalid" : error.code(), clock.getAsLong() - started, usage());
    sink.fail(error);
  }

  private void complete() {
    over = true;
    Usage usage = usage();
    if (!plan.stream()) {
      sink.write(format.whole(parts.stream().map(Part::whole).toList(), usage));
    } else if (plan.head().streamUsage()) {
      sink.write(format.usage(usage));
    }
    observer.over("ok", clock.getAsLong() - started, usage);
    sink.end();
  }

  /** One choice with its sequence. */
  private final class Part implements GenerationListener {
    private final int index;
    private final AnswerPlan.Sequence sequence;
    private final Choice choice;
    private final StringBuilder text = new StringBuilder();
    private final List<LoggedToken> tokens = new ArrayList<>();
    private final List<RoutedToken> routing = new ArrayList<>();
    private volatile @Nullable GenerationCall call;
    private volatile boolean stopped;
    private boolean opened;
    private boolean done;
    private int cached;
    private long lastToken;
    private GenerationEnd.@Nullable Reason end;

    Part(int index, AnswerPlan.Sequence sequence) {
      this.index = index;
      this.sequence = sequence;
      this.choice =
          new Choice(sequence.spec(), plan.decoder(), plan.stopStrings(), sequence.echo());
    }

    void begin(GenerationEngine engine) {
      GenerationCall begun = engine.generate(sequence.spec(), this);
      call = begun;
      if (stopped) {
        begun.cancel();
      }
    }

    void stop() {
      stopped = true;
      GenerationCall begun = call;
      if (begun != null) {
        begun.cancel();
      }
    }

    ChoiceText whole() {
      GenerationEnd.Reason reason = end == null ? GenerationEnd.Reason.STOP : end;
      return new ChoiceText(text.toString(), tokens, routing, reason, sequence.spec().promptIds());
    }

    @Override
    public void prompt(int firstPosition, List<ScoredToken> scored) {
      locked(() -> choice.prompt(scored));
    }

    @Override
    public void routing(int firstPosition, List<TokenRouting> told) {
      locked(() -> choice.routing(told));
    }

    @Override
    public void token(ScoredToken token) {
      locked(
          () -> {
            timed();
            emit(choice.token(token));
            if (choice.stopped()) {
              stop();
              finish();
            }
          });
    }

    @Override
    public void finished(GenerationEnd how) {
      locked(
          () -> {
            cached = how.cachedTokens();
            emit(choice.finished(how.reason()));
            finish();
          });
    }

    @Override
    public void failed(MeshException failure) {
      locked(() -> fail(failure));
    }

    private void locked(Runnable event) {
      lock.lock();
      try {
        if (!over && !cancelled && !done) {
          event.run();
        }
      } finally {
        lock.unlock();
      }
    }

    private void timed() {
      long now = clock.getAsLong();
      if (!anyToken) {
        anyToken = true;
        observer.firstToken(now - started);
      }
      if (choice.count() > 0) {
        observer.nextToken(now - lastToken);
      }
      lastToken = now;
    }

    private void emit(ChoiceDelta delta) {
      if (delta.end() != null) {
        end = delta.end();
      }
      if (!plan.stream()) {
        text.append(delta.text());
        tokens.addAll(delta.tokens());
        routing.addAll(delta.routing());
        return;
      }
      if (!opened) {
        opened = true;
        format.opening(index).forEach(sink::write);
      }
      boolean shown = plan.head().logprobs() != null || plan.head().tokenIds();
      if (!delta.text().isEmpty()
          || !delta.routing().isEmpty()
          || delta.end() != null
          || (shown && !delta.tokens().isEmpty())) {
        delta.pieces().forEach(piece -> sink.write(format.chunk(index, piece)));
      }
    }

    private void finish() {
      done = true;
      open--;
      if (open == 0) {
        complete();
      }
    }
  }
}
