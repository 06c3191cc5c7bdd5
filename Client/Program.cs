using Quorleans.Client;

return await ClientApplication.RunAsync(args);
