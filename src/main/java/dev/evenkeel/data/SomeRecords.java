package dev.evenkeel.data;

import java.util.BitSet;

/**
 * Records of which some are left out.
 *
 * @param left the lines at which these start
 */
record SomeRecords(Records all, BitSet left) implements Records {

  @Override
  public void forEach(Receiver receiver) {
    all.forEach(
        (line, fields) -> {
          if (line < 0 || !left.get(line)) { // what stands above the first has none
            receiver.accept(line, fields);
          }
        });
  }

  @Override
  public Records as(TableFormat format) {
    return new SomeRecords(all.as(format), left);
  }

  @Override
  public char delimiter() {
    return all.delimiter();
  }

  @Override
  public String name() {
    return all.name();
  }

  @Override
  public String at(int line) {
    return all.at(line);
  }

  @Override
  public boolean canReopen() {
    return all.canReopen();
  }
}
