package dev.evenkeel.simulator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ParserTest {

  private static final String KERNEL =
      """
      .version 6.3
      .target sm_75
      .address_size 64
      .visible .entry k(.param .u32 n, .param .u64 p, .param .align 4 .b8 s[12])
      .maxntid 64, 2, 1
      {
        .reg .b32 %%r<4>;
        .reg .b64 %%rd<4>;
        .reg .f32 %%f<4>;
        .reg .pred %%p<4>;
        .shared .align 16 .b8 tile[100];
        %s
        ret;
      }
      """;

  private static PtxModule parse(String statement) {
    return PtxModule.parse(KERNEL.formatted(statement), "file.ptx");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '^',
      value = {
        "frob.b32 %r1, %r2; ~ frob.b32: the simulated GPU does not know this instruction",
        "add.f16x2 %r1, %r2, %r3; ~ add.f16x2: the simulated GPU does not know this instruction",
        "add.u32 %r1, %r2, %rd1; ~ add.u32: register %rd1 is no 32-bit one",
        "add.u32 %r1, %r2, %x; ~ add.u32: unknown operand '%x'",
        "mov.u32 %r1, %clock; ~ mov.u32: unknown operand '%clock'",
        "bra NOWHERE; ~ bra: unknown label 'NOWHERE'",
        "ld.global.f32 %f1, [nothing]; ~ unknown variable or register 'nothing'",
        "add.u32 %r1, %r2; ~ add.u32: operand 3 is missing",
        "call nothing; ~ call of 'nothing', which this file does not define",
        "mov.u32 %r1, 12z; ~ '12z' is no literal",
        "add.u32 %r1 %r2; ~ expected ',', found '%r2'"
      })
  void whatIsNotKnownIsNamedWithItsLine(String statement, String words) {
    PtxException e = assertThrows(PtxException.class, () -> parse(statement));
    assertTrue(e.getMessage().startsWith("file.ptx:12: "), e.getMessage());
    assertTrue(e.getMessage().contains(words), e.getMessage());
  }

  @Test
  void unknownDirectivesToo() {
    PtxException e =
        assertThrows(PtxException.class, () -> PtxModule.parse("\n.frob 3", "file.ptx"));
    assertTrue(e.getMessage().startsWith("file.ptx:2: unknown directive '.frob'"));
  }

  @Test
  void kernelSaysWhatItWants() {
    PtxKernel kernel = parse("").kernel("k");
    assertEquals(
        List.of(
            new PtxKernel.Parameter("n", "u32", 4, 0),
            new PtxKernel.Parameter("p", "u64", 8, 8),
            new PtxKernel.Parameter("s", "b8", 12, 16)),
        kernel.parameters());
    assertEquals(28, kernel.parameterBytes());
    assertEquals(100, kernel.sharedBytes());
    assertEquals(128, kernel.maxThreads());
  }

  @Test
  void unknownKernelIsNamedWithThoseThereAre() {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> parse("").kernel("q"));
    assertEquals("no kernel q in file.ptx; it has [k]", e.getMessage());
  }
}
