namespace Quorleans.MapReduce.Tasks;

/// <summary>An application was not found, or cannot be loaded.</summary>
public sealed class ApplicationLoadException : Exception
{
    /// <summary>Says nothing in particular.</summary>
    public ApplicationLoadException()
    {
    }

    /// <param name="message">Names the application and the way out.</param>
    public ApplicationLoadException(string message) : base(message)
    {
    }

    /// <param name="message">Names the application and the way out.</param>
    /// <param name="innerException">What led to it.</param>
    public ApplicationLoadException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <summary>Whether the name is to blame, rather than what it stands for.</summary>
    public bool IsUsage { get; private init; }

    internal static ApplicationLoadException Usage(string message) => new(message) { IsUsage = true };
}
