#include "daemon/application.h"

int main(int argc, char** argv) { return damsync::run_application(argc, argv); }
