using Quorleans.Mutation;

return GateCommand.Create().Parse(args).Invoke();
