package dev.evenkeel.simulator;

/** What launches did, counted: instructions, bytes, sectors, bank conflicts. */
public final class Statistics {}
