package io.expertmesh.launcher.core;

import java.util.ArrayList;
import java.util.List;

/** A table of text, columns as wide as their widest cell. Numbers stand at the right. */
public final class TextTable {
  private static final String GAP = "  ";

  private final List<List<String>> rows = new ArrayList<>();

  /** A table with these column titles. */
  public TextTable(List<String> titles) {
    rows.add(List.copyOf(titles));
  }

  /** Adds a row with one cell per title. */
  public void add(List<String> cells) {
    if (cells.size() != rows.getFirst().size()) {
      throw new IllegalArgumentException(
          "row has " + cells.size() + " cells, the table " + rows.getFirst().size() + " columns");
    }
    rows.add(List.copyOf(cells));
  }

  /** The lines of the table, without trailing blanks. */
  public List<String> lines() {
    int columns = rows.getFirst().size();
    int[] widths = new int[columns];
    boolean[] numeric = new boolean[columns];
    for (int c = 0; c < columns; c++) {
      int column = c;
      widths[c] = rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
      numeric[c] =
          rows.size() > 1 && rows.stream().skip(1).allMatch(row -> isNumber(row.get(column)));
    }
    return rows.stream().map(row -> line(row, widths, numeric)).toList();
  }

  private static String line(List<String> row, int[] widths, boolean[] numeric) {
    StringBuilder line = new StringBuilder();
    for (int c = 0; c < widths.length; c++) {
      String pad = " ".repeat(widths[c] - row.get(c).length());
      line.append(c == 0 ? "" : GAP);
      line.append(numeric[c] ? pad + row.get(c) : row.get(c) + pad);
    }
    return line.toString().stripTrailing();
  }

  private static boolean isNumber(String cell) {
    return cell.equals("-") || (!cell.isEmpty() && Character.isDigit(cell.charAt(0)));
  }
}
