package io.expertmesh.router.app;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/** Prints a refusal as its sentence, without a stack trace. */
final class RefusalAnalyzer extends AbstractFailureAnalyzer<RefusedException> {
  @Override
  protected FailureAnalysis analyze(Throwable rootFailure, RefusedException cause) {
    return new FailureAnalysis(cause.getMessage(), null, cause);
  }
}
