namespace Quorleans.Client;

/// <summary>A command cannot go on. Its message is the one line that the user sees: it names the thing and the way out.</summary>
internal sealed class ClientException : Exception
{
    public ClientException()
    {
    }

    public ClientException(string message) : base(message)
    {
    }

    public ClientException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>The exit status that the command ends with.</summary>
    public int ExitCode { get; init; } = Client.ExitCode.Error;

    /// <summary>The user's input is wrong and nothing was done.</summary>
    public static ClientException Usage(string message) => new(message) { ExitCode = Client.ExitCode.Usage };
}
