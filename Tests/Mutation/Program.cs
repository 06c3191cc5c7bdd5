using Quorleans.Mutation;

return GateCommand.Create().Parse(args).Invoke(new System.CommandLine.InvocationConfiguration { ProcessTerminationTimeout = null });
