namespace Quorleans.MapReduce;

/// <summary>Turns a key and all its values into output, as bytes. One instance serves one attempt of a task; keys come in sort order.</summary>
public interface IUtf8Reducer
{
    /// <summary>Reduces a group.</summary>
    /// <param name="key">Valid during the call only.</param>
    /// <param name="values">Streamed, once through: there may be more than fit into memory. What is left unread is skipped.</param>
    /// <param name="context">Takes the output.</param>
    void Reduce(ReadOnlySpan<byte> key, IUtf8Values values, IUtf8ReduceContext context);
}

/// <summary>The values of a group, forward only.</summary>
public interface IUtf8Values
{
    /// <summary>The value; valid until the next <see cref="MoveNext"/>.</summary>
    ReadOnlySpan<byte> Current { get; }

    /// <summary>Goes to the next value.</summary>
    /// <returns>False at the group's end.</returns>
    bool MoveNext();
}

/// <summary>Takes a reduce task's output.</summary>
public interface IUtf8ReduceContext : ITaskContext
{
    /// <summary>Writes a record of the output, in the job's <see cref="OutputFormat"/>.</summary>
    void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);
}
