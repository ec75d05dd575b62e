/**
 * A GPU made of Java. It executes the very PTX that ships, on checked memory, behind the interfaces
 * that the CUDA backend knows; so every machine that runs the tests has one.
 *
 * <p>Order of reading. From text to a program: {@link dev.evenkeel.simulator.PtxParser} (statements
 * as written), {@link dev.evenkeel.simulator.Inliner}, {@link
 * dev.evenkeel.simulator.KernelCompiler} with its forms (one class per family of instructions),
 * {@link dev.evenkeel.simulator.ControlFlow} (where lanes meet again). From a launch to its end:
 * {@link dev.evenkeel.simulator.Execution}, {@link dev.evenkeel.simulator.Worker} (which block and
 * warp runs next), {@link dev.evenkeel.simulator.Warp} (32 lanes in step). What watches: {@link
 * dev.evenkeel.simulator.GlobalMemory} and {@link dev.evenkeel.simulator.MemoryAccess} (bounds,
 * alignment, bytes never written), {@link dev.evenkeel.simulator.RaceDetector}, {@link
 * dev.evenkeel.simulator.Statistics}.
 *
 * <p>A new instruction: a case in the form of its family, a row in the table that checks it.
 *
 * <p>Lanes meet again at the immediate post-dominator of the branch where they parted, not earlier.
 * A shfl.sync, vote.sync or bar.warp.sync that names lanes which are elsewhere at that moment is
 * reported, although a GPU since Volta would wait for them.
 */
package dev.evenkeel.simulator;
