namespace Quorleans.Linearizability;

/// <summary>A file is no history: a line is malformed, or a client does two things at once. Nothing was checked.</summary>
public sealed class HistoryFormatException : Exception
{
    /// <summary>Without a line.</summary>
    public HistoryFormatException()
    {
    }

    /// <summary>Without a line.</summary>
    public HistoryFormatException(string message) : base(message)
    {
    }

    /// <summary>Without a line.</summary>
    public HistoryFormatException(string message, Exception innerException) : base(message, innerException)
    {
    }

    /// <param name="line">The line, from 1.</param>
    /// <param name="problem">What is wrong with it.</param>
    /// <param name="innerException">What the parser said.</param>
    public HistoryFormatException(int line, string problem, Exception? innerException = null)
        : base($"line {line}: {problem}", innerException) => Line = line;

    /// <summary>The line, from 1; 0: the exception names none.</summary>
    public int Line { get; }
}
