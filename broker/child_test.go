package broker_test

func runChild(string) {}
