return Quorleans.Labs.LabsCommand.Create().Parse(args).Invoke(new System.CommandLine.InvocationConfiguration { ProcessTerminationTimeout = null });
