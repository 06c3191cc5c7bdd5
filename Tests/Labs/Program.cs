return Quorleans.Labs.LabsCommand.Create().Parse(args).Invoke();
