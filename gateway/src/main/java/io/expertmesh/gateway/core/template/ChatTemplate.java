package io.expertmesh.gateway.core.template;

import java.time.Clock;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A parsed chat template: the subset of Jinja that checkpoints' templates use, with Python's ideas
 * of truth, text and slices. Reads nothing but its variables, and time, size and depth are bounded.
 */
public final class ChatTemplate implements ChatRenderer {
  private final List<Stmt> statements;
  private final Map<String, Object> specialTokens;
  private final Clock clock;

  private ChatTemplate(List<Stmt> statements, Map<String, Object> specialTokens, Clock clock) {
    this.statements = statements;
    this.specialTokens = Map.copyOf(specialTokens);
    this.clock = clock;
  }

  /**
   * Parses a template.
   *
   * @param specialTokens variables such as {@code bos_token}
   * @param clock what {@code strftime_now} reads
   * @throws TemplateException saying what is wrong, and in which line
   */
  public static ChatTemplate parse(String source, Map<String, Object> specialTokens, Clock clock) {
    List<Stmt> statements = new StatementParser(new TemplateLexer(source).pieces()).parse();
    return new ChatTemplate(statements, specialTokens, clock);
  }

  @Override
  public String render(
      List<Map<String, Object>> messages,
      Map<String, Object> arguments,
      boolean addGenerationPrompt) {
    Map<String, Object> variables = new LinkedHashMap<>(specialTokens);
    variables.put("tools", None.NONE);
    variables.put("documents", None.NONE);
    variables.put("messages", new ArrayList<Object>(messages));
    variables.put("add_generation_prompt", addGenerationPrompt);
    variables.putAll(arguments);
    return render(variables);
  }

  /** Renders with exactly those variables besides the functions every template has. */
  String render(Map<String, Object> variables) {
    Budget budget = new Budget(System::nanoTime);
    Scope scope = new Scope(null);
    functions(scope, budget);
    variables.forEach(scope::set);
    try {
      return new Rendering(budget).render(statements, scope);
    } catch (StackOverflowError e) {
      throw new TemplateException("it nests too deeply");
    }
  }

  private void functions(Scope scope, Budget budget) {
    scope.set("raise_exception", (Callable) ChatTemplate::raise);
    scope.set(
        "strftime_now",
        (Callable) a -> Strftime.format(ZonedDateTime.now(clock), a.text(0, "format", "%Y-%m-%d")));
    scope.set("namespace", (Callable) a -> new Namespace(mapping(a)));
    scope.set("dict", (Callable) ChatTemplate::mapping);
    scope.set("range", (Callable) a -> range(a, budget));
  }

  private static Object raise(CallArguments arguments) {
    throw new TemplateException(Py.str(arguments.get(0, "message", "")));
  }

  private static Map<String, Object> mapping(CallArguments arguments) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (Object given : arguments.positional()) {
      if (given instanceof Map<?, ?> entries) {
        entries.forEach((key, value) -> fields.put(Py.str(key), value));
      }
    }
    fields.putAll(arguments.named());
    return fields;
  }

  private static Object range(CallArguments a, Budget budget) {
    boolean single = a.positional().size() < 2;
    long from = single ? 0 : a.integer(0, "start", 0);
    long to = a.integer(single ? 0 : 1, "stop", 0);
    long step = a.integer(2, "step", 1);
    if (step == 0) {
      throw new TemplateException("the step of a range is 0");
    }
    List<Object> numbers = new ArrayList<>();
    for (long i = from; step > 0 ? i < to : i > to; i += step) {
      numbers.add(i);
      budget.items(numbers.size());
    }
    return numbers;
  }
}
