using Quorleans.Silo;

return await ServerCommand.InvokeAsync(args, Server.RunAsync);
