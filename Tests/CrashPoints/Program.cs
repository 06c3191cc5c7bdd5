using Quorleans.CrashPoints;

return CrashCommand.Run(args);
