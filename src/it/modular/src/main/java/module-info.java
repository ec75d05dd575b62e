module modular {
  requires dev.evenkeel;
}
