using Quorleans.Clerk;

namespace Quorleans.Client.Commands;

/// <summary>Turns what a command throws into one line on standard error and an exit status.</summary>
internal static class FailureReport
{
    private const string DidNotHappen = "did not happen";
    private const string OutcomeUnknown = "outcome unknown";

    /// <summary>Runs a command.</summary>
    /// <param name="output">Where the line goes.</param>
    /// <param name="writes">Whether the command changes the store, so that the line must say whether it did.</param>
    /// <param name="command">The command.</param>
    /// <returns>Its exit status.</returns>
    public static async Task<int> GuardAsync(ClientOutput output, bool writes, Func<Task<int>> command)
    {
        try
        {
            return await command();
        }
        catch (ClientException e)
        {
            output.WriteError(e.Message);
            return e.ExitCode;
        }
        catch (ClerkException e)
        {
            output.WriteError(writes ? WithOutcome(e) : e.Message);
            return ExitCode.Error;
        }
        catch (OperationCanceledException)
        {
            output.WriteError(writes ? $"cancelled; {OutcomeUnknown}: it may have happened or may still" : "cancelled");
            return ExitCode.Error;
        }
        catch (IOException e) when (IsBrokenPipe(e))
        {
            // Whoever read our output has seen enough, as in `scan | head`.
            return ExitCode.Error;
        }
#pragma warning disable CA1031 // The last line of defence: a user gets one line, never a stack trace.
        catch (Exception e)
#pragma warning restore CA1031
        {
            output.WriteError($"{e.GetType().Name}: {e.Message}");
            return ExitCode.Error;
        }
    }

    private static bool IsBrokenPipe(IOException e)
    {
        const int EPipe = 32;
        return e.HResult == EPipe || e.Message.Contains("Broken pipe", StringComparison.Ordinal);
    }

    private static string WithOutcome(ClerkException e)
    {
        string outcome = e.Outcome == OperationOutcome.DidNotHappen ? DidNotHappen : OutcomeUnknown;
        if (e.Message.Contains(outcome, StringComparison.OrdinalIgnoreCase)) return e.Message;
        string message = e.Message.TrimEnd('.', ' ');
        return e.Outcome == OperationOutcome.DidNotHappen
            ? $"{message} (it {DidNotHappen})"
            : $"{message} ({OutcomeUnknown}: it may have happened or may still; read the key to see)";
    }
}
