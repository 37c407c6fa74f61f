package io.expertmesh.tests.simulation;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;

/**
 * A change of the bytecode of one method: what somebody could have written by mistake.
 *
 * @param className class whose method is changed
 * @param method name of the method; all of its overloads count as one
 * @param change what is changed
 */
record Mutation(String className, String method, Change change) {

  /** One kind of change at one place, counted from 0 within the method. */
  sealed interface Change {
    /** Place within the method, among those that this change could be made at. */
    int nth();
  }

  /** A condition is turned round. */
  record InvertBranch(int nth) implements Change {}

  /** A call is left out; what it would have given is 0, false or null. */
  record DropCall(String called, int nth) implements Change {}

  /** A condition is taken to be false, so that nothing is jumped over. */
  record IgnoreCondition(int nth) implements Change {}

  /** A whole number that the code loads is another. */
  record ChangeConstant(int nth, int to) implements Change {}

  /** A call is made, and a number is added to what it gives. */
  record AddToResult(String called, int nth, int amount) implements Change {}

  /** A call is left out, and it is taken to have given true. */
  record AssumeTrue(String called, int nth) implements Change {}

  /**
   * The changed class.
   *
   * @throws IllegalStateException if there is no such place, in a sentence
   */
  byte[] apply(byte[] original) {
    ClassFile classFile = ClassFile.of();
    ClassModel model = classFile.parse(original);
    int[] places = new int[1];
    boolean[] made = new boolean[1];
    CodeTransform code =
        (builder, element) -> {
          if (fits(element) && places[0]++ == change.nth()) {
            made[0] = true;
            rewrite(builder, element);
          } else {
            builder.with(element);
          }
        };
    byte[] changed =
        classFile.transformClass(
            model,
            ClassTransform.transformingMethodBodies(
                one -> one.methodName().equalsString(method), code));
    if (!made[0]) {
      throw new IllegalStateException(
          "%s.%s has no place for %s any more (it has %d); the code moved, so move the planted bug"
              .formatted(className, method, change, places[0]));
    }
    return changed;
  }

  private boolean fits(CodeElement element) {
    return switch (change) {
      case InvertBranch _ -> element instanceof BranchInstruction branch && isConditional(branch);
      case IgnoreCondition _ ->
          element instanceof BranchInstruction branch && isConditional(branch);
      case ChangeConstant _ ->
          element instanceof ConstantInstruction constant
              && constant.constantValue() instanceof Integer;
      case DropCall drop -> calls(element, drop.called());
      case AddToResult add -> calls(element, add.called());
      case AssumeTrue assume -> calls(element, assume.called());
    };
  }

  private static boolean calls(CodeElement element, String name) {
    return element instanceof InvokeInstruction invoke && invoke.name().equalsString(name);
  }

  private static boolean isConditional(BranchInstruction branch) {
    return switch (branch.opcode()) {
      case GOTO, GOTO_W, JSR, JSR_W -> false;
      default -> true;
    };
  }

  private void rewrite(CodeBuilder builder, CodeElement element) {
    switch (change) {
      case InvertBranch _ -> invert(builder, (BranchInstruction) element);
      case IgnoreCondition _ -> ignore(builder, (BranchInstruction) element);
      case ChangeConstant constant -> builder.loadConstant(constant.to());
      case DropCall _ -> {
        InvokeInstruction call = (InvokeInstruction) element;
        dropArguments(builder, call);
        pushNothing(builder, call.typeSymbol().returnType());
      }
      case AddToResult add -> builder.with(element).loadConstant(add.amount()).iadd();
      case AssumeTrue _ -> {
        dropArguments(builder, (InvokeInstruction) element);
        builder.iconst_1();
      }
    }
  }

  private static void invert(CodeBuilder builder, BranchInstruction branch) {
    var target = branch.target();
    switch (branch.opcode()) {
      case IFEQ -> builder.ifne(target);
      case IFNE -> builder.ifeq(target);
      case IFLT -> builder.ifge(target);
      case IFGE -> builder.iflt(target);
      case IFGT -> builder.ifle(target);
      case IFLE -> builder.ifgt(target);
      case IF_ICMPEQ -> builder.if_icmpne(target);
      case IF_ICMPNE -> builder.if_icmpeq(target);
      case IF_ICMPLT -> builder.if_icmpge(target);
      case IF_ICMPGE -> builder.if_icmplt(target);
      case IF_ICMPGT -> builder.if_icmple(target);
      case IF_ICMPLE -> builder.if_icmpgt(target);
      case IF_ACMPEQ -> builder.if_acmpne(target);
      case IF_ACMPNE -> builder.if_acmpeq(target);
      case IFNULL -> builder.ifnonnull(target);
      case IFNONNULL -> builder.ifnull(target);
      default -> throw new IllegalStateException("not a condition: " + branch);
    }
  }

  private static void ignore(CodeBuilder builder, BranchInstruction branch) {
    switch (branch.opcode()) {
      case IFEQ, IFNE, IFLT, IFGE, IFGT, IFLE, IFNULL, IFNONNULL -> builder.pop();
      default -> builder.pop2();
    }
  }

  private static void dropArguments(CodeBuilder builder, InvokeInstruction call) {
    MethodTypeDesc type = call.typeSymbol();
    for (int i = type.parameterCount() - 1; i >= 0; i--) {
      pop(builder, type.parameterType(i));
    }
    if (!isStatic(call)) {
      builder.pop();
    }
  }

  private static boolean isStatic(InvokeInstruction call) {
    return call.opcode() == Opcode.INVOKESTATIC;
  }

  private static void pop(CodeBuilder builder, ClassDesc type) {
    if (TypeKind.from(type).slotSize() == 2) {
      builder.pop2();
    } else {
      builder.pop();
    }
  }

  private static void pushNothing(CodeBuilder builder, ClassDesc type) {
    switch (TypeKind.from(type)) {
      case VOID -> {}
      case LONG -> builder.lconst_0();
      case FLOAT -> builder.fconst_0();
      case DOUBLE -> builder.dconst_0();
      case REFERENCE -> builder.aconst_null();
      case BOOLEAN, BYTE, CHAR, SHORT, INT -> builder.iconst_0();
    }
  }
}
