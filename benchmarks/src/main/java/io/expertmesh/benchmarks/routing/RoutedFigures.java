package io.expertmesh.benchmarks.routing;

import java.util.Locale;
import org.HdrHistogram.Histogram;

/**
 * The result of one run.
 *
 * @param nanos time of each call
 * @param use what the roles used for all measured calls
 * @param requestBytes message from attention to router
 * @param replyBytes message from router to attention
 * @param routerMillis median of the router's own time for a call
 * @param expertMillis largest median over the expert-services of the time for one call
 * @param fallbacks messages that left the direct way between network buffers and arrays
 */
record RoutedFigures(
    Histogram nanos,
    MeshMeter.Use use,
    int requestBytes,
    int replyBytes,
    double routerMillis,
    double expertMillis,
    long fallbacks) {
  static String header() {
    return """
                          a call, µs                 inside, p50 µs    processor µs a call         allocated B a token         bytes a token
    inner experts    p50     p99     max    mean    router  experts   attn router experts      attn  router experts     sent received loopback  fallbacks\
    """;
  }

  String line(int inner, int shards, RoutedOptions options) {
    double calls = options.calls();
    double tokens = calls * options.tokens();
    return String.format(
        Locale.ROOT,
        "%5d %7d %6.0f %7.0f %7.0f %7.0f   %7.0f %8.0f %6.0f %6.0f %7.0f  %8.0f %7.0f %7.0f %8.0f %8.0f %8.0f %10d",
        inner,
        shards,
        nanos.getValueAtPercentile(50) / 1e3,
        nanos.getValueAtPercentile(99) / 1e3,
        nanos.getMaxValue() / 1e3,
        nanos.getMean() / 1e3,
        routerMillis * 1e3,
        expertMillis * 1e3,
        use.attention().cpuNanos() / 1e3 / calls,
        use.router().cpuNanos() / 1e3 / calls,
        use.experts().cpuNanos() / 1e3 / calls,
        use.attention().allocatedBytes() / tokens,
        use.router().allocatedBytes() / tokens,
        use.experts().allocatedBytes() / tokens,
        requestBytes / (double) options.tokens(),
        replyBytes / (double) options.tokens(),
        use.loopbackBytes() / tokens,
        fallbacks);
  }
}
