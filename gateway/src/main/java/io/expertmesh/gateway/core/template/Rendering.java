package io.expertmesh.gateway.core.template;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One run of a template's statements. */
final class Rendering {
  private final Budget budget;
  private final Evaluator evaluator;
  private StringBuilder out = new StringBuilder();

  Rendering(Budget budget) {
    this.budget = budget;
    this.evaluator = new Evaluator(budget);
  }

  /** How a list of statements ended. */
  private enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  String render(List<Stmt> statements, Scope scope) {
    run(statements, scope);
    return out.toString();
  }

  private Flow run(List<Stmt> statements, Scope scope) {
    for (Stmt statement : statements) {
      Flow flow = run(statement, scope);
      if (flow != Flow.NEXT) {
        return flow;
      }
    }
    return Flow.NEXT;
  }

  private Flow run(Stmt statement, Scope scope) {
    budget.step();
    return switch (statement) {
      case Stmt.Text text -> write(text.text());
      case Stmt.Output output -> write(Py.str(evaluator.value(output.value(), scope)));
      case Stmt.If branches -> choose(branches, scope);
      case Stmt.For loop -> loop(loop, scope);
      case Stmt.Set set -> {
        assign(set, evaluator.value(set.value(), scope), scope);
        yield Flow.NEXT;
      }
      case Stmt.SetBlock block -> {
        scope.set(block.name(), captured(block.body(), scope));
        yield Flow.NEXT;
      }
      case Stmt.Macro macro -> {
        scope.set(macro.name(), (Callable) arguments -> call(macro, arguments, scope));
        yield Flow.NEXT;
      }
      case Stmt.Part part -> run(part.body(), scope);
      case Stmt.Break end -> Flow.BREAK;
      case Stmt.Continue next -> Flow.CONTINUE;
    };
  }

  private Flow write(String text) {
    budget.text((long) out.length() + text.length());
    out.append(text);
    return Flow.NEXT;
  }

  private Flow choose(Stmt.If branches, Scope scope) {
    for (Stmt.Branch branch : branches.branches()) {
      Expr condition = branch.condition();
      if (condition == null || Py.truth(evaluator.value(condition, scope))) {
        return run(branch.body(), scope);
      }
    }
    return Flow.NEXT;
  }

  private Flow loop(Stmt.For loop, Scope scope) {
    List<Object> items = new ArrayList<>();
    Expr filter = loop.filter();
    for (Object item : Py.iterate(evaluator.value(loop.items(), scope))) {
      Scope trial = new Scope(scope);
      unpack(loop.names(), item, trial);
      if (filter == null || Py.truth(evaluator.value(filter, trial))) {
        items.add(item);
      }
    }
    if (items.isEmpty()) {
      return run(loop.otherwise(), scope);
    }
    for (int i = 0; i < items.size(); i++) {
      Scope body = new Scope(scope);
      unpack(loop.names(), items.get(i), body);
      body.set("loop", position(items, i));
      if (run(loop.body(), body) == Flow.BREAK) {
        break;
      }
    }
    return Flow.NEXT;
  }

  private static Map<String, Object> position(List<Object> items, int i) {
    int size = items.size();
    Map<String, Object> loop = new LinkedHashMap<>();
    loop.put("index", i + 1L);
    loop.put("index0", (long) i);
    loop.put("revindex", (long) (size - i));
    loop.put("revindex0", size - i - 1L);
    loop.put("first", i == 0);
    loop.put("last", i == size - 1);
    loop.put("length", (long) size);
    loop.put("previtem", i == 0 ? new Undefined("previtem") : items.get(i - 1));
    loop.put("nextitem", i == size - 1 ? new Undefined("nextitem") : items.get(i + 1));
    loop.put(
        "cycle",
        (Callable)
            a -> a.positional().isEmpty() ? "" : a.positional().get(i % a.positional().size()));
    return loop;
  }

  private void assign(Stmt.Set set, Object value, Scope scope) {
    String attribute = set.attribute();
    if (attribute == null) {
      unpack(set.names(), value, scope);
    } else if (scope.get(set.names().get(0)) instanceof Namespace space) {
      space.fields().put(attribute, value);
    } else {
      throw new TemplateException("'" + set.names().get(0) + "' is no namespace");
    }
  }

  private static void unpack(List<String> names, Object value, Scope scope) {
    if (names.size() == 1) {
      scope.set(names.get(0), value);
      return;
    }
    List<Object> parts = Py.iterate(value);
    if (parts.size() != names.size()) {
      throw new TemplateException(
          "cannot unpack " + parts.size() + " values into " + names.size() + " names");
    }
    for (int i = 0; i < parts.size(); i++) {
      scope.set(names.get(i), parts.get(i));
    }
  }

  private Object call(Stmt.Macro macro, CallArguments arguments, Scope scope) {
    budget.enterCall();
    Scope inside = new Scope(scope);
    for (int i = 0; i < macro.parameters().size(); i++) {
      String parameter = macro.parameters().get(i);
      @Nullable Expr fallback = macro.defaults().get(i);
      Object missing =
          fallback == null ? new Undefined(parameter) : evaluator.value(fallback, inside);
      inside.set(parameter, arguments.get(i, parameter, missing));
    }
    String text = captured(macro.body(), inside);
    budget.leaveCall();
    return text;
  }

  private String captured(List<Stmt> body, Scope scope) {
    StringBuilder outside = out;
    out = new StringBuilder();
    run(body, scope);
    String text = out.toString();
    out = outside;
    return text;
  }
}
