using Quorleans.Chaos;

return await new ChaosCommand().Parse(args).InvokeAsync();
