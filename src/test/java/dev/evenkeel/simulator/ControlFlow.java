package dev.evenkeel.simulator;

import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.List;

/**
 * Where lanes that parted meet again: the immediate post-dominator of every branch.
 *
 * <p>Works on single instructions. Ways that end in an early return are left out, so that the other
 * lanes meet before the end of the kernel where they can. What leads to an early return alone is
 * looked at by itself.
 */
final class ControlFlow {

  /** For each instruction where its lanes meet, or -1 for nowhere. */
  final int[] meeting;

  private final List<int[]> successors;
  private final int size;

  /**
   * @param successors of each instruction; none for a return
   */
  ControlFlow(List<int[]> successors) {
    this.successors = successors;
    size = successors.size();
    meeting = new int[size];
    java.util.Arrays.fill(meeting, -1);
    int[][] predecessors = predecessors();
    BitSet open = new BitSet(size);
    open.set(0, size);
    int exit = mainExit(predecessors, open);
    while (exit >= 0) {
      BitSet live = reaching(exit, predecessors);
      live.and(open);
      immediatePostDominators(exit, predecessors, live);
      open.andNot(live);
      exit = mainExit(predecessors, open);
    }
  }

  private int[][] predecessors() {
    int[] counts = new int[size];
    successors.forEach(
        s -> {
          for (int t : s) {
            counts[t]++;
          }
        });
    int[][] predecessors = new int[size][];
    for (int i = 0; i < size; i++) {
      predecessors[i] = new int[counts[i]];
    }
    for (int i = 0; i < size; i++) {
      for (int t : successors.get(i)) {
        predecessors[t][--counts[t]] = i;
      }
    }
    return predecessors;
  }

  /** The return that most of the open instructions lead to, or -1 where none does. */
  private int mainExit(int[][] predecessors, BitSet open) {
    int best = -1;
    int most = 0;
    for (int i = 0; i < size; i++) {
      if (open.get(i) && successors.get(i).length == 0) {
        BitSet reaching = reaching(i, predecessors);
        reaching.and(open);
        int reached = reaching.cardinality();
        if (reached >= most) {
          most = reached;
          best = i;
        }
      }
    }
    return best;
  }

  private BitSet reaching(int exit, int[][] predecessors) {
    BitSet seen = new BitSet(size);
    Deque<Integer> open = new ArrayDeque<>();
    seen.set(exit);
    open.push(exit);
    while (!open.isEmpty()) {
      for (int p : predecessors[open.pop()]) {
        if (!seen.get(p)) {
          seen.set(p);
          open.push(p);
        }
      }
    }
    return seen;
  }

  /** Cooper, Harvey and Kennedy's iteration, on the graph turned round. */
  private void immediatePostDominators(int exit, int[][] predecessors, BitSet live) {
    int[] order = postorder(exit, predecessors, live);
    int[] rank = new int[size];
    for (int i = 0; i < order.length; i++) {
      rank[order[i]] = i;
    }
    meeting[exit] = exit;
    boolean changed = true;
    while (changed) {
      changed = false;
      for (int i = order.length - 2; i >= 0; i--) {
        int at = order[i];
        int common = -1;
        for (int s : successors.get(at)) {
          if (live.get(s) && meeting[s] >= 0) {
            common = common < 0 ? s : intersect(common, s, rank);
          }
        }
        changed |= meeting[at] != common;
        meeting[at] = common;
      }
    }
    meeting[exit] = -1;
  }

  private int intersect(int a, int b, int[] rank) {
    while (a != b) {
      while (rank[a] < rank[b]) {
        a = meeting[a];
      }
      while (rank[b] < rank[a]) {
        b = meeting[b];
      }
    }
    return a;
  }

  /** Of the graph turned round, from the exit: the exit comes last. */
  private int[] postorder(int exit, int[][] predecessors, BitSet live) {
    int[] order = new int[size];
    int count = 0;
    BitSet seen = new BitSet(size);
    Deque<int[]> stack = new ArrayDeque<>();
    seen.set(exit);
    stack.push(new int[] {exit, 0});
    while (!stack.isEmpty()) {
      int[] top = stack.peek();
      int[] before = predecessors[top[0]];
      if (top[1] == before.length) {
        order[count++] = top[0];
        stack.pop();
      } else {
        int p = before[top[1]++];
        if (live.get(p) && !seen.get(p)) {
          seen.set(p);
          stack.push(new int[] {p, 0});
        }
      }
    }
    return java.util.Arrays.copyOf(order, count);
  }
}
