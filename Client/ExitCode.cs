namespace Quorleans.Client;

/// <summary>The exit statuses, a contract with scripts.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>An error; one line on standard error says which.</summary>
    public const int Error = 1;

    /// <summary>The command line is wrong; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary>The key was not found, or its version was not the expected one.</summary>
    public const int NotMet = 3;

    /// <summary>The user interrupted a job; it was undone.</summary>
    public const int Interrupted = 130;
}
